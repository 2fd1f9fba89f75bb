// What git knows that a plan needs: the commit, what changed, and which commit touched a path last.
import { join, resolve } from 'node:path';
import { Fault } from '../fault.ts';
import type { World } from '../world/world.ts';
import type { Reads } from './inputs.ts';

export interface Commit {
  readonly sha: string;
  /** Paths it touched, relative to the root; against its first parent. */
  readonly paths: readonly string[];
}

export interface TrackedFile {
  /** Mode and blob as git has them, or a hash of what lies in the working tree when that differs. */
  readonly content: string;
}

export interface History {
  readonly head: string;
  /** Files that differ from HEAD, untracked ones included. */
  readonly dirty: readonly string[];
  /** `https://github.com/acme/fleet`, without credentials; undefined without a remote. */
  readonly source: string | undefined;
  /** Newest first, as many as were asked for. */
  readonly commits: readonly Commit[];
  /** Path → what is in it. */
  readonly files: ReadonlyMap<string, TrackedFile>;
}

const GIT_DEADLINE_MS = 60_000;
/** An input untouched for longer takes the oldest commit read: enough for a label. */
const COMMITS_READ = 2_000;

/** Reads the history of the repository at `root`. Throws Fault `input` where there is none, with what is missing. */
export async function readHistory(world: World, root: string): Promise<History> {
  const git = (...args: readonly string[]): Promise<string> => runGit(world, root, args);
  const head = await readHead(world, root);
  const [changed, others, index, log, source] = await Promise.all([
    git('diff', '--name-only', '--no-renames', '--relative', '-z', 'HEAD'),
    git('ls-files', '--others', '--exclude-standard', '-z'),
    git('ls-files', '--stage', '-z'),
    git(
      'log',
      `-n${COMMITS_READ}`,
      '--first-parent',
      '-m',
      '--no-renames',
      '--relative',
      '--name-only',
      '--format=%x01%H',
    ),
    remoteOf(world, root),
  ]);
  const dirty = [...new Set([...split(changed), ...split(others)])].toSorted();
  const other = new Set(dirty);
  const files = new Map([
    ...parseIndex(index).filter(([path]) => !other.has(path)),
    ...(await readDirty(world, root, dirty)),
  ]);
  return { head, dirty, source, commits: parseLog(log), files };
}

/** Paths that differ between a commit and the working tree; undefined when this clone does not have the commit. */
export async function changedSince(world: World, root: string, since: string): Promise<readonly string[] | undefined> {
  const known = await attemptGit(world, root, ['rev-parse', '--verify', '--quiet', `${since}^{commit}`]);
  if (known === undefined) return undefined;
  return split(await runGit(world, root, ['diff', '--name-only', '--no-renames', '--relative', '-z', known.trim()]));
}

/** The newest commit that touched a path the build reads; the oldest one known when none did. */
export function lastTouch(history: History, reads: Reads): string {
  const found = history.commits.find(({ paths }) => paths.some(reads)) ?? history.commits.at(-1);
  return found?.sha ?? history.head;
}

/** The address of a remote as people open it: https, no credentials, no `.git`. */
export function sourceAddress(remote: string): string | undefined {
  const text = remote.trim();
  const scp = /^(?:[^@/]+@)?([^:/]+):(?!\/)(.+?)(?:\.git)?\/?$/.exec(text);
  if (scp !== null && !text.includes('://')) return `https://${scp[1]}/${scp[2]}`;
  const url = /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([^/]+)\/(.+?)(?:\.git)?\/?$/.exec(text);
  if (url === null) return undefined;
  return text.startsWith('http://') ? `http://${url[1]}/${url[2]}` : `https://${url[1]}/${url[2]}`;
}

async function remoteOf(world: World, root: string): Promise<string | undefined> {
  const remote = await attemptGit(world, root, ['remote', 'get-url', 'origin']);
  return remote === undefined ? undefined : sourceAddress(remote);
}

async function readDirty(
  world: World,
  root: string,
  dirty: readonly string[],
): Promise<readonly (readonly [string, TrackedFile])[]> {
  const facts = await Promise.all(dirty.map((path) => world.files.facts(join(root, path))));
  const there = dirty.filter((path, index) => facts[index]?.kind === 'file' && !path.includes('\n'));
  if (there.length === 0) return [];
  const command = ['git', 'hash-object', '--stdin-paths'];
  const options = { deadlineMs: GIT_DEADLINE_MS, cwd: root, stdin: `${there.join('\n')}\n` };
  const hashes = (await world.processes.run(command, options)).stdout.split('\n');
  return there.map((path, index) => [path, { content: `worktree ${hashes[index] ?? ''}` }]);
}

function parseIndex(text: string): readonly (readonly [string, TrackedFile])[] {
  return split(text).flatMap((row) => {
    const [, content, path] = /^(\d+ [0-9a-f]+) \d\t([^]+)$/.exec(row) ?? [];
    return content === undefined || path === undefined ? [] : [[path, { content }] as const];
  });
}

function parseLog(text: string): readonly Commit[] {
  return text
    .split('\u0001')
    .slice(1)
    .map((block) => {
      const [sha = '', ...paths] = block.split('\n');
      return { sha, paths: paths.filter((path) => path !== '') };
    });
}

/** The commit that is checked out. No git, no repository, not ours and no commit are four things with four cures. */
async function readHead(world: World, root: string): Promise<string> {
  // Its messages are asked for in English, since two of them are told apart below.
  const options = { deadlineMs: GIT_DEADLINE_MS, cwd: root, environment: { LC_ALL: 'C' } };
  const asked = await world.processes.attempt(['git', 'rev-parse', '--git-dir'], options).catch((cause: unknown) => {
    throw noHistory(root, 'git can not be started', 'install git, or put it on PATH', cause);
  });
  if (asked.exitCode !== 0) throw unreadable(root, asked.stderr);
  const head = await attemptGit(world, root, ['rev-parse', '--verify', '--quiet', 'HEAD']);
  if (head !== undefined) return head.trim();
  throw noHistory(root, `the repository at ${resolve(root)} has no commit yet`, 'git add the files, then git commit');
}

function unreadable(folder: string, stderr: string): Fault {
  const root = resolve(folder);
  if (stderr.includes('not a git repository')) {
    const cure = 'name the repository with --root, or make it one: git init, git add, git commit';
    return noHistory(root, `${root} is not in a git repository`, `${cure}; in a workflow use actions/checkout`);
  }
  if (stderr.includes('dubious ownership')) {
    const cure = `run as its owner, or trust it: git config --global --add safe.directory ${root}`;
    return noHistory(root, `the repository at ${root} belongs to another user, so git does not read it`, cure);
  }
  return noHistory(root, `git can not read the repository at ${root}`, `git status there says why: ${stderr.trim()}`);
}

function noHistory(root: string, what: string, cure: string, cause?: unknown): Fault {
  const expected = 'a git repository with a commit: tags and revisions name it';
  return new Fault('input', what, { where: root, expected, cure, ...(cause === undefined ? {} : { cause }) });
}

async function runGit(world: World, root: string, args: readonly string[]): Promise<string> {
  const command = ['git', '-c', 'core.quotePath=false', ...args];
  try {
    return (await world.processes.run(command, { deadlineMs: GIT_DEADLINE_MS, cwd: root })).stdout;
  } catch (cause) {
    throw new Fault('input', 'git could not tell the history', {
      where: root,
      expected: `git ${args[0] ?? ''} to answer`,
      found: cause instanceof Fault ? (cause.detail.found ?? cause.message) : String(cause),
      cure: `run it by hand in ${root}, and mend what it says: ${command.join(' ')}`,
      cause,
    });
  }
}

async function attemptGit(world: World, root: string, args: readonly string[]): Promise<string | undefined> {
  const finished = await world.processes.attempt(['git', ...args], { deadlineMs: GIT_DEADLINE_MS, cwd: root });
  return finished.exitCode === 0 ? finished.stdout : undefined;
}

function split(text: string): readonly string[] {
  return text.split('\0').filter((path) => path !== '');
}
