// Files and folders: reading, writing so that a crash leaves the old bytes or the new, never half, and appending for good.
import { mkdir, open, readFile, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault, messageOf } from '../fault.ts';

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
  /** The text, or undefined when there is no such file. Throws Fault `input` when it can't be read. */
  readText(path: string): Promise<string | undefined>;
  readBytes(path: string): Promise<Uint8Array | undefined>;
  facts(path: string): Promise<Facts | undefined>;
  /** The folder's entries sorted by name; undefined when there is no such folder. */
  list(path: string): Promise<readonly Entry[] | undefined>;
  makeFolder(path: string): Promise<void>;
  /** Temp file beside it, fsync, rename, fsync of the folder. Makes missing folders. `mode` defaults to 0o644. */
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
  readText: async (path) => (await unlessMissing(path, () => readFile(path)))?.toString('utf8'),
  readBytes: (path) => unlessMissing(path, () => readFile(path)),
  facts: readFacts,
  list: listFolder,
  makeFolder: async (path) => {
    await guarded(path, () => mkdir(path, { recursive: true }));
  },
  writeAtomic: (path, content, mode = DEFAULT_MODE) => guarded(path, () => writeThenRename(path, content, mode)),
  appendDurable: (path, content) => guarded(path, () => append(path, content)),
  remove: (path) => guarded(path, () => rm(path, { recursive: true, force: true })),
  freeBytes: (path) =>
    guarded(path, async () => {
      const facts = await statfs(path);
      return facts.bavail * facts.bsize;
    }),
};

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
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${process.pid}-${performance.now()}.tmp`);
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(content);
    // open() applies the umask; the mode asked for is the mode wanted.
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncFolder(folder);
}

async function append(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
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
    if (isMissing(error)) return undefined;
    throw fileFault(path, error);
  }
}

async function guarded<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw fileFault(path, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function fileFault(path: string, cause: unknown): Fault {
  return new Fault('host', `can't use ${path}: ${messageOf(cause)}`, { where: path, cause });
}
