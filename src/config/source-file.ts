// Reads a file that the configuration names: it must lie in the repository, be a plain file, and be of a sane size.
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { World } from '../world/world.ts';
import type { Complaint } from './complain.ts';
import { showSize } from './measures.ts';

export type SourceFile =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'absent' }
  /** Not opened; the complaint says why, without a word of its content. */
  | { readonly kind: 'refused'; readonly complaint: Complaint };

/** What people write by hand is far below; a pipe or a log that was named by mistake is not. */
const LARGEST_BYTES = 2 ** 20;

/** Reads `path`, relative to the root. Nothing is opened that could block, never end, or is none of the repository's. */
export async function readSource(world: World, root: string, path: string): Promise<SourceFile> {
  if (insideRoot(root, path) === undefined) return refused(`${path} is outside the repository`, OUTSIDE);
  const place = join(root, path);
  const facts = await world.files.facts(place);
  if (facts === undefined) return { kind: 'absent' };
  if (!(await leadsInside(world, root, place)))
    return refused(`${path} is a link to a file outside the repository`, OUTSIDE);
  if (facts.kind !== 'file') return refused(`${path} is not a plain file`, notPlain(facts.kind));
  if (facts.size > LARGEST_BYTES) return refused(`${path} is too large`, tooLarge(facts.size));
  const text = await world.files.readText(place);
  if (text === undefined) return { kind: 'absent' };
  // Some file systems say 0 for files that are made while they are read.
  return text.length > LARGEST_BYTES ? refused(`${path} is too large`, tooLarge(text.length)) : { kind: 'read', text };
}

/** A path as seen from the root; undefined when it leads out of it. */
export function insideRoot(root: string, path: string): string | undefined {
  const inside = relative(resolve(root), resolve(root, path));
  return leavesFolder(inside) ? undefined : inside;
}

async function leadsInside(world: World, root: string, place: string): Promise<boolean> {
  const [realRoot, realPlace] = await Promise.all([world.files.realPath(root), world.files.realPath(place)]);
  return realRoot !== undefined && realPlace !== undefined && !leavesFolder(relative(realRoot, realPlace));
}

function leavesFolder(path: string): boolean {
  return path === '..' || path.startsWith('../') || isAbsolute(path);
}

const OUTSIDE: Omit<Complaint, 'message'> = {
  expected: 'a path below the root of the repository',
  cure: 'move the file into the repository, or name another root with --root',
};

function notPlain(kind: 'folder' | 'other'): Omit<Complaint, 'message'> {
  return {
    expected: 'a file that can be read to its end',
    got: kind === 'folder' ? 'a folder' : 'a pipe, a socket or a device',
    cure: 'mend the path, or write the file',
  };
}

function tooLarge(bytes: number): Omit<Complaint, 'message'> {
  return {
    expected: `at most ${showSize(LARGEST_BYTES)}`,
    got: `${bytes} bytes`,
    cure: 'mend the path, or take out what is none of a configuration',
  };
}

function refused(message: string, rest: Omit<Complaint, 'message'>): SourceFile {
  return { kind: 'refused', complaint: { message, ...rest } };
}
