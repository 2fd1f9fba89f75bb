// A World whose files are a map and whose git answers from that map: a repository without a disk.
import { Fault } from '../../src/fault.ts';
import type { Facts, Files } from '../../src/world/files.ts';
import { silentLog } from '../../src/world/log.ts';
import type { Finished, Processes, RunOptions } from '../../src/world/process.ts';
import { Secret } from '../../src/world/secret.ts';
import type { World } from '../../src/world/world.ts';

export interface RepositoryWorld {
  /** Path → text, relative to the root `/repo`. */
  readonly files: Record<string, string>;
  /** Not tracked by git although they are there. */
  readonly untracked?: readonly string[];
  /** Tracked by git, and no longer in the working tree. */
  readonly gone?: readonly string[];
  /** Tracked by git, and left out of the working tree by a sparse checkout. */
  readonly sparse?: readonly string[];
  /** Folders without a file. */
  readonly emptyFolders?: readonly string[];
  /** Answers for other commands: undefined means that it is not known. */
  readonly answer?: (command: readonly string[], options: RunOptions) => Partial<Finished> | undefined;
  readonly variables?: Readonly<Record<string, string>>;
  readonly noGit?: boolean;
  /** Neither file nor folder: a pipe, whose reading would never end. */
  readonly special?: readonly string[];
}

export const ROOT = '/repo';

export function repositoryWorld(given: RepositoryWorld): World {
  const { variables = {} } = given;
  const clock = { now: () => Date.UTC(2026, 10, 23, 20, 15), monotonic: () => 0, sleep: () => Promise.resolve() };
  return {
    clock,
    log: silentLog,
    files: memoryFiles(given.files, given.special ?? [], given.emptyFolders ?? []),
    processes: fakeProcesses(given),
    environment: {
      variable: (name) => variables[name],
      secret: (name) => (variables[name] === undefined ? undefined : new Secret(variables[name])),
      all: () => variables,
    },
    http: { request: () => refuse('http'), stream: () => refuse('http') },
  };
}

function memoryFiles(files: Record<string, string>, special: readonly string[], empty: readonly string[]): Files {
  const key = (path: string): string => path.replace(`${ROOT}/`, '').replace(/^\.\//, '');
  const read = (path: string): Promise<string | undefined> =>
    special.includes(key(path)) ? refuse(`reading ${path}`) : Promise.resolve(files[key(path)]);
  const kindOf = (path: string): Facts['kind'] | undefined => {
    if (special.includes(key(path))) return 'other';
    if (files[key(path)] !== undefined) return 'file';
    const isFolder =
      path === ROOT || [...empty, ...Object.keys(files)].some((name) => `${name}/`.startsWith(`${key(path)}/`));
    return isFolder ? 'folder' : undefined;
  };
  return {
    readText: read,
    readBytes: async (path) => {
      const text = await read(path);
      return text === undefined ? undefined : Buffer.from(text);
    },
    list: (path) => {
      const folder = path === ROOT || path === `${ROOT}/` ? '' : `${key(path)}/`;
      const rest = Object.keys(files).flatMap((name) => (name.startsWith(folder) ? [name.slice(folder.length)] : []));
      const entries = new Map(
        rest.map((name) => [name.split('/')[0] ?? '', name.includes('/') ? 'folder' : 'file'] as const),
      );
      return Promise.resolve([...entries].map(([name, kind]) => ({ name, kind })));
    },
    facts: (path) => {
      const kind = kindOf(path);
      const size = Buffer.byteLength(files[key(path)] ?? '');
      const facts = { size, uid: 0, gid: 0, mode: 0o644, modifiedMs: 0 };
      return Promise.resolve(kind === undefined ? undefined : { kind, ...facts });
    },
    realPath: (path) => Promise.resolve(kindOf(path) === undefined ? undefined : path),
    makeFolder: () => Promise.resolve(),
    writeAtomic: (path, content) => {
      files[key(path)] = content.toString();
      return Promise.resolve();
    },
    appendDurable: () => refuse('append'),
    remove: (path) => {
      Reflect.deleteProperty(files, key(path));
      return Promise.resolve();
    },
    freeBytes: () => refuse('freeBytes'),
  };
}

function fakeProcesses(given: RepositoryWorld): Processes {
  const attempt: Processes['attempt'] = (command, options) => {
    const answer = given.answer?.(command, options) ?? gitAnswer(given, command);
    if (answer === undefined) return refuse(command.join(' '));
    const finished = {
      command,
      exitCode: 0,
      signal: undefined,
      stdout: '',
      stderr: '',
      durationMs: 1,
      timedOut: false,
    };
    for (const line of (answer.stderr ?? '').split('\n')) options.onLine?.(line, 'stderr');
    return Promise.resolve({ ...finished, ...answer });
  };
  return {
    attempt,
    run: async (command, options) => {
      const finished = await attempt(command, options);
      if (finished.exitCode !== 0) throw new Fault('process', finished.stderr);
      return finished;
    },
    start: () => {
      throw new Error('nothing is started here');
    },
  };
}

function gitAnswer(given: RepositoryWorld, command: readonly string[]): Partial<Finished> | undefined {
  if (command[0] !== 'git' || command[1] !== 'ls-files') return undefined;
  if (given.noGit === true) return { exitCode: 128, stderr: 'fatal: not a git repository' };
  const untracked = given.untracked ?? [];
  const others = command.includes('--others');
  if (others) return { stdout: untracked.map((path) => `${path}\0`).join('') };
  const { gone = [], sparse = [] } = given;
  const there = Object.keys(given.files).filter((path) => !untracked.includes(path));
  const rows = [
    ...[...there, ...gone].map((path) => `H ${path}\0`),
    ...gone.map((path) => `R ${path}\0`),
    ...sparse.map((path) => `S ${path}\0`),
  ];
  return { stdout: rows.join('') };
}

function refuse(what: string): Promise<never> {
  return Promise.reject(new Error(`not in this fake: ${what}`));
}
