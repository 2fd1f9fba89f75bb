// Reads what validate looks at beside rollout.yml: Dockerfiles, ignore files, locks, compose files and probe scripts.
import { join, posix } from 'node:path';
import { parseCompose, type ComposeFile } from '../config/compose.ts';
import { readBuildFile, type BuildFile } from '../images/build-file.ts';
import { copySources } from '../images/dockerfile-facts.ts';
import { argumentText } from '../images/dockerfile-instruction.ts';
import { parseDockerfile, unreadDockerfile, type Dockerfile } from '../images/dockerfile.ts';
import { ignoreFilesOf } from '../images/ignore.ts';
import { parseLock } from '../images/lock.ts';
import type { World } from '../world/world.ts';
import { kindIn, type IgnoreFile, type Tree } from './context.ts';
import type { ImageSpec } from './infer.ts';
import { hashedLocks } from './locks.ts';
import type { ImageSubject, LockSubject } from './subject.ts';

/** Files that are open at one time; a process may not hold a thousand. */
const AT_ONCE = 64;
const COMPOSE_NAME = /^(?:docker-)?compose(?:\.[\w-]+)*\.ya?ml$/;
/** Sources of COPY that are not listed and are asked for one by one; of more only the text of the finding is poorer. */
const MOST_ASKED = 500;
/** A probe script longer than this is not read. */
const MAX_SCRIPT_CHARACTERS = 200_000;

/** Dockerfiles by path; one that is not there is left out, one that must not be read says so as its problem. */
export async function readDockerfiles(
  world: World,
  root: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Dockerfile>> {
  const read = await readAll(world, root, paths);
  return new Map(
    [...read].flatMap(([path, file]): readonly (readonly [string, Dockerfile])[] => {
      if (file.kind === 'absent') return [];
      return [[path, file.kind === 'text' ? parseDockerfile(file.text) : unreadDockerfile(file)]];
    }),
  );
}

/** The compose files of a repository that no rollout.yml describes, by their names. */
export async function readComposes(
  world: World,
  root: string,
  files: readonly string[],
): Promise<readonly ComposeFile[]> {
  const names = files.filter((file) => COMPOSE_NAME.test(posix.basename(file)));
  const read = await readAll(world, root, names);
  return [...read].flatMap(([path, file]) => (file.kind === 'text' ? [parseCompose(file.text, path)] : []));
}

/** An image's ignore file is found under this. */
export function ignoreKey(spec: ImageSpec): string {
  return `${spec.file} ${spec.context}`;
}

/** The ignore file that counts for each image: the first of its two names that is there. */
export async function readIgnores(
  world: World,
  root: string,
  specs: readonly ImageSpec[],
): Promise<ReadonlyMap<string, IgnoreFile>> {
  const names = specs.map((spec) => [ignoreKey(spec), ignoreFilesOf(spec.file, spec.context)] as const);
  const read = await readAll(
    world,
    root,
    names.flatMap(([, files]) => files),
  );
  return new Map(
    names.flatMap(([key, files]): readonly (readonly [string, IgnoreFile])[] => {
      const file = files.find((name) => read.get(name)?.kind !== 'absent');
      const found = file === undefined ? undefined : read.get(file);
      if (file === undefined || found === undefined || found.kind === 'absent') return [];
      const refused = found.kind === 'refused' ? found : undefined;
      return [[key, { file, text: found.kind === 'text' ? found.text : '', refused }]];
    }),
  );
}

interface Speaking {
  readonly tree: Tree;
  readonly dockerfiles: ReadonlyMap<string, Dockerfile>;
}

/** Texts of the files that a HEALTHCHECK, CMD or ENTRYPOINT may mean: those of the repository with the names they speak of. */
export async function readScripts(
  world: World,
  root: string,
  { tree, dockerfiles }: Speaking,
): Promise<ReadonlyMap<string, string>> {
  const spoken = new Set<string>();
  for (const dockerfile of dockerfiles.values()) {
    for (const instruction of dockerfile.instructions) {
      if (!['HEALTHCHECK', 'CMD', 'ENTRYPOINT'].includes(instruction.keyword)) continue;
      for (const match of argumentText(instruction).matchAll(/[\w.-]+(?=["'\s,\]]|$)/g)) spoken.add(match[0]);
    }
  }
  const wanted = [...tree.files].filter((file) => spoken.has(posix.basename(file)));
  const read = await readAll(world, root, wanted);
  return new Map(
    [...read].flatMap(([path, file]): readonly (readonly [string, string])[] =>
      file.kind === 'text' && file.text.length <= MAX_SCRIPT_CHARACTERS ? [[path, file.text]] : [],
    ),
  );
}

export interface Copying extends Speaking {
  readonly specs: readonly ImageSpec[];
}

/** Folders that a COPY names and that lie there without a file that git lists. */
export async function readBareFolders(
  world: World,
  root: string,
  { tree, dockerfiles, specs }: Copying,
): Promise<ReadonlySet<string>> {
  const named = specs.flatMap(({ file, context }) =>
    (dockerfiles.get(file)?.instructions ?? []).flatMap((instruction) => {
      const copy = copySources(instruction);
      // Normalized from `/`, so that no path leads out of the context.
      return copy === undefined || copy.from !== undefined
        ? []
        : copy.sources.map((source) => posix.join(context, posix.normalize(`/${source}`)).replace(/\/$/, ''));
    }),
  );
  const unlisted = [...new Set(named)].filter((path) => kindIn(tree, path) === undefined).slice(0, MOST_ASKED);
  const facts = await Promise.all(unlisted.map((path) => world.files.facts(join(root, path)).catch(() => undefined)));
  return new Set(unlisted.filter((_, index) => facts[index]?.kind === 'folder'));
}

export interface LockSearch {
  readonly images: readonly ImageSubject[];
  /** Locks that rollout.yml names. */
  readonly named: readonly string[];
}

/** The locks that rollout.yml names or pip is told to read, with their texts. */
export async function readLocks(
  world: World,
  root: string,
  { images, named }: LockSearch,
): Promise<readonly { subject: LockSubject; text: string }[]> {
  const demanded = hashedLocks(images);
  const read = await readAll(world, root, [...named, ...demanded.keys()].toSorted());
  return [...read].flatMap(([file, found]) => {
    if (found.kind === 'absent') return [];
    const text = found.kind === 'text' ? found.text : '';
    const lock = parseLock(text);
    const hashed =
      demanded.get(file) === true || named.includes(file) || lock.entries.some(({ hashes }) => hashes.length > 0);
    const refused = found.kind === 'refused' ? found : undefined;
    return [{ subject: { file, lock, hashed, refused }, text }];
  });
}

/** Each path once, in their order. */
async function readAll(world: World, root: string, paths: readonly string[]): Promise<ReadonlyMap<string, BuildFile>> {
  const found = new Map<string, BuildFile>();
  const once = [...new Set(paths)];
  for (let from = 0; from < once.length; from += AT_ONCE) {
    const batch = once.slice(from, from + AT_ONCE);
    const read = await Promise.all(batch.map((path) => readBuildFile(world.files, join(root, path))));
    for (const [index, path] of batch.entries()) found.set(path, read[index] ?? { kind: 'absent' });
  }
  return found;
}
