// Reads the files that describe a build (Dockerfile, lock, .dockerignore): plain files of a size that can be checked, no others.
import type { Files } from '../world/files.ts';

export type BuildFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  /** Never opened: a pipe would be waited for and a device read without end. */
  | { readonly kind: 'refused'; readonly expected: string; readonly got: string };

/** Far more than any real one; Dockerfiles and locks have a few hundred lines. */
export const MOST_BYTES = 1_000_000;

export async function readBuildFile(files: Files, path: string): Promise<BuildFile> {
  const facts = await files.facts(path);
  if (facts === undefined) return { kind: 'absent' };
  if (facts.kind !== 'file') {
    const got = facts.kind === 'folder' ? 'a folder' : 'a pipe, a socket or a device';
    return { kind: 'refused', expected: 'a plain file', got };
  }
  if (facts.size > MOST_BYTES) {
    return { kind: 'refused', expected: `at most ${MOST_BYTES} bytes`, got: `${facts.size} bytes` };
  }
  const text = await files.readText(path);
  return text === undefined ? { kind: 'absent' } : { kind: 'text', text };
}
