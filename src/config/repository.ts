// What the repository holds: its files as git lists them, and the Dockerfiles among them.
import { join } from 'node:path';
import { parseDockerfile, type Dockerfile } from '../images/dockerfile.ts';
import type { World } from '../world/world.ts';
import type { Complaint } from './complain.ts';
import { readSource } from './source-file.ts';

export interface Repository {
  /** All files of the working tree that git does not ignore, relative to the root, sorted. */
  readonly files: readonly string[];
  /** Those of them that git tracks; undefined where there is no git: then nothing is taken for a file of the repository. */
  readonly tracked: ReadonlySet<string> | undefined;
}

const GIT_DEADLINE_MS = 30_000;
const MAX_FOLDERS_DEEP = 12;
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['.git', 'node_modules', '.venv', '__pycache__']);
const DOCKERFILE_NAME = /^(?:Dockerfile|Dockerfile\.[\w.-]+|[\w.-]+\.Dockerfile)$/;

/** Lists the repository; without git the folder is walked. */
export async function readRepository(world: World, root: string): Promise<Repository> {
  const tracked = await trackedFiles(world, root);
  if (tracked === undefined) return { files: await walk(world, root, '', 0), tracked: undefined };
  const others = (await gitFiles(world, root, ['--others', '--exclude-standard'])) ?? [];
  return { files: [...new Set([...tracked, ...others])].toSorted(), tracked: new Set(tracked) };
}

export interface Dockerfiles {
  readonly parsed: ReadonlyMap<string, Dockerfile>;
  /** There, and not to be read: outside the repository, a pipe, too large. */
  readonly refused: ReadonlyMap<string, Complaint>;
}

/** Reads and parses Dockerfiles; one that is not there is in neither map. */
export async function openDockerfiles(world: World, root: string, paths: Iterable<string>): Promise<Dockerfiles> {
  const distinct = [...new Set(paths)];
  const read = await Promise.all(distinct.map(async (path) => [path, await readSource(world, root, path)] as const));
  return {
    parsed: new Map(
      read.flatMap(([path, source]) => (source.kind === 'read' ? [[path, parseDockerfile(source.text)]] : [])),
    ),
    refused: new Map(read.flatMap(([path, source]) => (source.kind === 'refused' ? [[path, source.complaint]] : []))),
  };
}

/** Of those, the Dockerfiles that could be read. */
export async function readDockerfiles(
  world: World,
  root: string,
  paths: Iterable<string>,
): Promise<ReadonlyMap<string, Dockerfile>> {
  return (await openDockerfiles(world, root, paths)).parsed;
}

/** Whether a path has the name of a Dockerfile. */
export function isDockerfile(path: string): boolean {
  return DOCKERFILE_NAME.test(path.slice(path.lastIndexOf('/') + 1));
}

/** The image a Dockerfile makes by its place: `images/base/Dockerfile` is base, `docker/Dockerfile.worker` is worker. */
export function imageOfPath(path: string): string | undefined {
  const parts = path.split('/');
  const file = parts.at(-1) ?? '';
  if (file === 'Dockerfile') return parts.at(-2);
  return file.startsWith('Dockerfile.') ? file.slice('Dockerfile.'.length) : file.slice(0, -'.Dockerfile'.length);
}

/** The index also lists files that were deleted (R) or that a sparse checkout left out (S): no build would find them. */
async function trackedFiles(world: World, root: string): Promise<readonly string[] | undefined> {
  const rows = await gitFiles(world, root, ['-t', '--cached', '--deleted']);
  const parsed = rows?.map((row) => ({ mark: row.slice(0, 1), path: row.slice('H '.length) }));
  const absent = new Set(parsed?.flatMap(({ mark, path }) => (mark === 'R' || mark === 'S' ? [path] : [])));
  return parsed?.flatMap(({ path }) => (absent.has(path) ? [] : [path]));
}

async function gitFiles(world: World, root: string, which: readonly string[]): Promise<readonly string[] | undefined> {
  const command = ['git', 'ls-files', '-z', ...which];
  const finished = await world.processes
    .attempt(command, { deadlineMs: GIT_DEADLINE_MS, cwd: root })
    .catch(() => undefined);
  if (finished?.exitCode !== 0) return undefined;
  return finished.stdout.split('\0').filter((path) => path !== '');
}

async function walk(world: World, root: string, folder: string, depth: number): Promise<readonly string[]> {
  const entries = (depth > MAX_FOLDERS_DEEP ? undefined : await world.files.list(join(root, folder))) ?? [];
  const found = await Promise.all(
    entries.map(async ({ name, kind }) => {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (kind === 'folder') return SKIPPED_FOLDERS.has(name) ? [] : walk(world, root, path, depth + 1);
      return kind === 'file' ? [path] : [];
    }),
  );
  return found.flat();
}
