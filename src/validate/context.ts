// A build context as the builder will see it: the repository's files below a folder, less what is ignored.
import { posix } from 'node:path';
import { ignoreBy, ignorePatterns } from '../images/ignore.ts';
import type { Context, Refused } from './subject.ts';

export interface Tree {
  readonly files: ReadonlySet<string>;
  readonly folders: ReadonlyMap<string, readonly string[]>;
}

export interface IgnoreFile {
  readonly file: string;
  /** '' where it was not read. */
  readonly text: string;
  readonly refused: Refused | undefined;
}

export interface ContextQuestion {
  readonly tree: Tree;
  readonly path: string;
  readonly inferred: boolean;
  readonly ignore: IgnoreFile | undefined;
  /** Folders of the repository without a file that git lists. */
  readonly bareFolders: ReadonlySet<string>;
}

/** Files by name, and below each folder the files in it at any depth are found by its direct children. */
export function plantTree(files: readonly string[]): Tree {
  const folders = new Map<string, Set<string>>([['.', new Set()]]);
  for (const file of files) {
    for (let child = file; child !== '.'; child = posix.dirname(child)) {
      const parent = posix.dirname(child);
      const known = folders.get(parent);
      if (known?.has(child) === true) break;
      if (known === undefined) folders.set(parent, new Set([child]));
      else known.add(child);
    }
  }
  return { files: new Set(files), folders: new Map([...folders].map(([folder, children]) => [folder, [...children]])) };
}

export function makeContext({ tree, path, inferred, ignore, bareFolders }: ContextQuestion): Context {
  const patterns = ignore === undefined ? [] : ignorePatterns(ignore.text);
  const inTree = (inside: string): string => posix.join(path, inside);
  const inContext = (whole: string): string => (path === '.' ? whole : posix.relative(path, whole));
  return {
    path,
    inferred,
    ignoreFile: ignore?.file,
    ignorePatterns: patterns,
    ignoreRefused: ignore?.refused,
    kind: (inside) => kindIn(tree, inTree(inside)),
    bareFolder: (inside) => bareFolders.has(inTree(inside)),
    behindEntry: (inside) => isBehindEntry(tree, inTree(inside)),
    ignored: ignoreBy(patterns),
    filesBelow: (folder) => filesBelow(tree, inTree(folder)).map(inContext),
    glob: (pattern) => globIn(tree, inTree(pattern)).map(inContext),
  };
}

/** What lies at a path of the repository. */
export function kindIn(tree: Tree, path: string): 'file' | 'folder' | undefined {
  const cleaned = posix.normalize(path).replace(/(?<=.)\/$/, '');
  if (tree.files.has(cleaned)) return 'file';
  return tree.folders.has(cleaned) ? 'folder' : undefined;
}

/** Below a link or a submodule, which git lists as one entry, everything may be. */
export function isBehindEntry(tree: Tree, path: string): boolean {
  for (let above = posix.dirname(posix.normalize(path)); above !== '.' && above !== '/'; above = posix.dirname(above)) {
    if (tree.files.has(above)) return true;
  }
  return false;
}

function filesBelow(tree: Tree, folder: string): readonly string[] {
  const cleaned = posix.normalize(folder).replace(/(?<=.)\/$/, '');
  return (tree.folders.get(cleaned) ?? []).flatMap((child) =>
    tree.files.has(child) ? [child] : filesBelow(tree, child),
  );
}

function globIn(tree: Tree, pattern: string): readonly string[] {
  let found: readonly string[] = ['.'];
  for (const part of posix.normalize(pattern).split('/')) {
    if (part === '.' || part === '') continue;
    found = found.flatMap((folder) =>
      (tree.folders.get(folder) ?? []).filter((child) => matchesName(part, posix.basename(child))),
    );
  }
  return found;
}

/** COPY's wildcards within one name: `*`, `?` and `[…]`. Linear in the text but for the stars of one name. */
function matchesName(pattern: string, name: string): boolean {
  if (!/[*?[\\]/.test(pattern)) return pattern === name;
  let [at, star, mark] = [0, -1, 0];
  for (let index = 0; index < name.length;) {
    const step = fits(pattern, at, name.charAt(index));
    if (pattern.charAt(at) === '*') [star, mark, at] = [at, index, at + 1];
    else if (step > 0) [at, index] = [at + step, index + 1];
    else if (star >= 0) [at, mark, index] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}

/** How many characters of the pattern take this one of the name; 0: none does. */
function fits(pattern: string, at: number, char: string): number {
  const token = pattern.charAt(at);
  if (token === '?') return 1;
  if (token === '\\') return pattern.charAt(at + 1) === char ? 2 : 0;
  if (token !== '[') return token === char ? 1 : 0;
  const close = pattern.indexOf(']', at + 1);
  if (close < 0) return 0;
  const inside = pattern.slice(at + 1, close);
  const negated = inside.startsWith('^');
  return isInClass(negated ? inside.slice(1) : inside, char) === negated ? 0 : close - at + 1;
}

function isInClass(inside: string, char: string): boolean {
  for (let at = 0; at < inside.length; at += 1) {
    const isRange = inside.charAt(at + 1) === '-' && at + 2 < inside.length;
    if (isRange && inside.charAt(at) <= char && char <= inside.charAt(at + 2)) return true;
    if (!isRange && inside.charAt(at) === char) return true;
    if (isRange) at += 2;
  }
  return false;
}
