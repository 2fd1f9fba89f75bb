// The repository's files in a host's project folder: what must be written, what is there already, what a human changed.
import { Fault } from '../fault.ts';
import { unifiedDiff } from './difference.ts';

export interface FileComparison {
  /** Relative to the project folder. */
  readonly path: string;
  readonly wanted: Uint8Array;
  readonly wantedHash: string;
  /** What lies in the folder now. */
  readonly found: { readonly bytes: Uint8Array; readonly hash: string } | undefined;
  /** What the last release wrote there; undefined when no release wrote this file yet. */
  readonly lastWrittenHash: string | undefined;
}

export type FileVerdict = 'write' | 'same' | 'changed-by-hand';

/**
 * A file of no release yet is today's: it is kept as the former bytes and replaced. After that, bytes that are neither
 * the last release's nor the new one's were written by a person, and stay.
 */
export function judgeFile({ wantedHash, found, lastWrittenHash }: FileComparison): FileVerdict {
  if (found === undefined) return 'write';
  if (found.hash === wantedHash) return 'same';
  if (lastWrittenHash === undefined || found.hash === lastWrittenHash) return 'write';
  return 'changed-by-hand';
}

/** Throws Fault `conflict` with a diff of every file that a human changed since the last release wrote it. */
export function refuseHandChanges(files: readonly FileComparison[], folder: string): void {
  const changed = files.filter((file) => judgeFile(file) === 'changed-by-hand');
  if (changed.length === 0) return;
  throw new Fault('conflict', `${changed.length === 1 ? 'a file was' : 'files were'} changed by hand on this host`, {
    where: changed.map(({ path }) => `${folder}/${path}`).join(', '),
    expected: 'the bytes of the last release, or of this one',
    found: changed.map(diffOf).join('\n'),
    cure: 'bring the change into the repository, or take it back; --accept-files replaces the files and keeps their bytes in the state folder',
  });
}

function diffOf({ path, found, wanted }: FileComparison): string {
  const names = { before: `${path} (on this host)`, after: `${path} (of the release)` };
  return unifiedDiff(textOf(found?.bytes), textOf(wanted), names);
}

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('utf8');
}
