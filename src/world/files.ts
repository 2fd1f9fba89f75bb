// Files and folders: reading, writing so that a crash leaves the old bytes or the new, never half, and appending for good.
import type { Stats } from 'node:fs';
import { lstat, mkdir, open, readFile, realpath, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileFault, noFileFault, type Purpose } from './file-fault.ts';

export interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

export interface Facts {
  readonly kind: 'file' | 'folder' | 'other';
  readonly size: number;
  /** Permission bits, as 0o644. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedMs: number;
}

export interface Files {
  /** The text, or undefined when there is no such file. Throws Fault `input` when it can't be read, or is no file. */
  readText(path: string): Promise<string | undefined>;
  readBytes(path: string): Promise<Uint8Array | undefined>;
  facts(path: string): Promise<Facts | undefined>;
  /** Where a path leads once every link in it is followed; undefined when there is nothing. */
  realPath(path: string): Promise<string | undefined>;
  /** The folder's entries sorted by name; undefined when there is no such folder. */
  list(path: string): Promise<readonly Entry[] | undefined>;
  makeFolder(path: string): Promise<void>;
  /**
   * Temp file beside it, fsync, rename, fsync of the folder. Makes missing folders. `mode` defaults to 0o644.
   * Throws Fault `host` when it can't, or when there is a pipe or a device, which a rename would replace.
   */
  writeAtomic(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** Appends and fsyncs before it resolves. Makes missing folders. */
  appendDurable(path: string, content: string): Promise<void>;
  /** Removes a file or a folder with all in it; nothing there is fine. */
  remove(path: string): Promise<void>;
  /** Bytes an unprivileged user can still write on the file system that holds `path`. */
  freeBytes(path: string): Promise<number>;
}

const DEFAULT_MODE = 0o644;

export const systemFiles: Files = {
  readText: async (path) => (await readRegular(path))?.toString('utf8'),
  readBytes: readRegular,
  facts: readFacts,
  realPath: (path) => unlessMissing(path, () => realpath(path)),
  list: listFolder,
  makeFolder: (path) => guarded(path, 'writing', () => makeFolders(path)),
  writeAtomic: (path, content, mode = DEFAULT_MODE) =>
    guarded(path, 'writing', () => writeThenRename(path, content, mode)),
  appendDurable: (path, content) => guarded(path, 'writing', () => append(path, content)),
  remove: (path) => guarded(path, 'writing', () => rm(path, { recursive: true, force: true })),
  freeBytes: (path) =>
    guarded(path, 'reading', async () => {
      const facts = await statfs(path);
      return facts.bavail * facts.bsize;
    }),
};

async function readRegular(path: string): Promise<Buffer | undefined> {
  return unlessMissing(path, async () => {
    const special = specialKind(await stat(path));
    if (special !== undefined) throw noFileFault(path, 'reading', special);
    return readFile(path);
  });
}

async function readFacts(path: string): Promise<Facts | undefined> {
  const found = await unlessMissing(path, () => stat(path));
  if (found === undefined) return undefined;
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
  const { size, uid, gid, mtimeMs } = found;
  return { kind, size, uid, gid, mode: found.mode & 0o7777, modifiedMs: mtimeMs };
}

async function listFolder(path: string): Promise<readonly Entry[] | undefined> {
  const entries = await unlessMissing(path, () => readdir(path, { withFileTypes: true }));
  return entries
    ?.map((entry): Entry => {
      const kind = entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other';
      return { name: entry.name, kind };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function writeThenRename(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const folder = dirname(path);
  await makeFolders(folder);
  await refuseSpecial(path);
  const temporary = join(folder, `.${process.pid}-${performance.now()}.tmp`);
  try {
    await writeNew(temporary, content, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

async function refuseSpecial(path: string): Promise<void> {
  // The path itself: a rename replaces a link, not what it leads to.
  const there = await unlessMissing(path, () => lstat(path));
  const special = there === undefined ? undefined : specialKind(there);
  if (special !== undefined) throw noFileFault(path, 'writing', special);
}

async function writeNew(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(content);
    // open() applies the umask; the mode asked for is the mode wanted.
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Level by level: mkdir's own `recursive` never ends where no folder can be made, below /proc for one. */
async function makeFolders(path: string): Promise<void> {
  try {
    await makeLevel(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolders(dirname(path));
    await makeLevel(path);
  }
}

async function makeLevel(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    // Not by the error: a system may name another reason first for a folder that is there.
    if ((await stat(path).catch(() => undefined))?.isDirectory() !== true) throw error;
  }
}

async function append(path: string, content: string): Promise<void> {
  await makeFolders(dirname(path));
  const handle = await open(path, 'a');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlessMissing<T>(path: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw fileFault(path, 'reading', error);
  }
}

async function guarded<T>(path: string, purpose: Purpose, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw fileFault(path, purpose, error);
  }
}

function specialKind(found: Stats): 'a pipe' | 'a device' | 'a socket' | undefined {
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return found.isCharacterDevice() || found.isBlockDevice() ? 'a device' : undefined;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
