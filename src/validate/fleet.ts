// Reads a repository into what the rules look at: images with their contexts and bases, and their locks.
import { join, posix } from 'node:path';
import { parseCompose, type ComposeFile } from '../config/compose.ts';
import { isDockerfile, readDockerfiles, readRepository } from '../config/repository.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Finding } from '../documents/findings.ts';
import type { Config } from '../documents/fleet.ts';
import { argumentText } from '../images/dockerfile-instruction.ts';
import type { Dockerfile } from '../images/dockerfile.ts';
import { ignoreFilesOf } from '../images/ignore.ts';
import { parseLock } from '../images/lock.ts';
import type { World } from '../world/world.ts';
import { kindIn, makeContext, plantTree, type Tree } from './context.ts';
import { inferFleet, type ImageSpec } from './infer.ts';
import { hashedLocks } from './locks.ts';
import type { FleetSubject, ImageSubject, LockSubject } from './subject.ts';

export interface FleetOptions {
  readonly root: string;
  /** rollout.yml, relative to the root. */
  readonly file: string;
  /** The file was asked for by name, so it must be there. */
  readonly required: boolean;
}

export interface Reading {
  readonly fleet: FleetSubject;
  readonly locks: readonly LockSubject[];
  /** Findings of rollout.yml and compose. */
  readonly findings: readonly Finding[];
  readonly checked: readonly string[];
  readonly notes: readonly string[];
  /** Text by path, for directives in comments. */
  readonly texts: ReadonlyMap<string, string>;
}

const COMPOSE_NAME = /^(?:docker-)?compose(?:\.[\w-]+)*\.ya?ml$/;
/** A probe script longer than this is not read. */
const MAX_SCRIPT_CHARACTERS = 200_000;

export async function readFleet(world: World, options: FleetOptions): Promise<Reading> {
  const { root, file } = options;
  const hasFile = (await world.files.readText(join(root, file))) !== undefined;
  const resolved = hasFile || options.required ? await resolveConfig(world, { root, file }) : undefined;
  const repository = await readRepository(world, root);
  const tree = plantTree(repository.files);
  const config = resolved?.kind === 'resolved' ? resolved.config : undefined;
  const paths =
    config === undefined ? repository.files.filter(isDockerfile) : config.images.map(({ dockerfile }) => dockerfile);
  const dockerfiles = await readDockerfiles(world, root, paths);
  const composes = config === undefined ? await readComposes(world, root, repository.files) : [];
  const inferred = config === undefined ? inferFleet({ dockerfiles, composes, tree }) : undefined;
  const specs = inferred?.specs ?? (config === undefined ? [] : specsOf(config));
  const known = [...tree.files].filter(
    (path) => dockerfiles.has(path) || composes.some((compose) => compose.file === path),
  );
  const images = await makeImages(world, { root, tree, specs, dockerfiles, linked: config !== undefined });
  const findings = resolved?.findings ?? [];
  const clash = findings.some(({ rule }) => rule === 'RC005');
  const locks = await readLocks(world, root, { images, named: specs.flatMap(({ lock }) => lock ?? []) });
  const why = hasFile
    ? `${file} can not be used, so roles and contexts are inferred`
    : `there is no ${file}, so roles and contexts are inferred`;
  return {
    fleet: { images, published: clash ? [] : (inferred?.published ?? []) },
    locks: locks.map(({ subject }) => subject),
    findings,
    checked: [
      ...new Set([
        ...(hasFile ? [file] : []),
        ...(config?.machines.map(({ compose }) => compose) ?? []),
        ...known,
        ...locks.map(({ subject }) => subject.file),
      ]),
    ].toSorted(),
    notes: inferred === undefined ? [] : [why, ...inferred.notes],
    texts: new Map([
      ...[...dockerfiles].map(([path, { lines }]): [string, string] => [path, lines.join('\n')]),
      ...locks.map(({ subject, text }): [string, string] => [subject.file, text]),
    ]),
  };
}

function specsOf(config: Config): readonly ImageSpec[] {
  const files = new Map(config.images.map(({ name, dockerfile }) => [name, dockerfile]));
  return config.images.map((image): ImageSpec => {
    const placed = config.placements.filter((placement) => placement.image === image.name);
    const [first] = placed;
    return {
      file: image.dockerfile,
      name: image.name,
      role: image.kind,
      context: image.context,
      contextInferred: false,
      arguments: image.arguments,
      machines: image.machines,
      health: first === undefined ? undefined : statedHealth(config, first, image.dockerfile),
      ports: [...new Set(placed.flatMap(({ ports }) => ports.map(({ container }) => container)))],
      lock: image.lock,
      bases: new Map(
        image.parents.flatMap(({ image: parent, from }) => {
          const path = files.get(parent);
          return path === undefined || path === image.dockerfile ? [] : [[from, path] as const];
        }),
      ),
    };
  });
}

/** A port that was read from the probe itself says nothing about the probe. */
function statedHealth(
  config: Config,
  placement: Config['placements'][number],
  dockerfile: string,
): ImageSubject['health'] {
  const source = config.sources[`placements.${placement.machine}.${placement.service}.health.port`];
  const { port, ...health } = placement.health;
  return port === undefined || source?.startsWith(`${dockerfile}:`) === true ? health : { ...health, port };
}

async function readComposes(world: World, root: string, files: readonly string[]): Promise<readonly ComposeFile[]> {
  const names = files.filter((file) => COMPOSE_NAME.test(posix.basename(file)));
  const read = await Promise.all(
    names.map(async (file) => ({ file, text: await world.files.readText(join(root, file)) })),
  );
  return read.flatMap(({ file, text }) => (text === undefined ? [] : [parseCompose(text, file)]));
}

interface Making {
  readonly root: string;
  readonly tree: Tree;
  readonly specs: readonly ImageSpec[];
  readonly dockerfiles: ReadonlyMap<string, Dockerfile>;
  readonly linked: boolean;
}

async function makeImages(world: World, making: Making): Promise<readonly ImageSubject[]> {
  const { root, tree, specs, dockerfiles, linked } = making;
  const ignores = await readIgnores(world, root, specs);
  const scripts = await readScripts(world, making);
  const images = new Map<string, ImageSubject>();
  const graph = new Map(specs.map((spec) => [spec.file, [...spec.bases.values()]]));
  for (const spec of specs) {
    const dockerfile = dockerfiles.get(spec.file);
    if (dockerfile === undefined) continue;
    const context = makeContext({
      tree,
      path: spec.context,
      inferred: spec.contextInferred,
      ignore: ignores.get(ignoreKey(spec)),
    });
    const { file, name, role, machines, health, ports } = spec;
    images.set(`${spec.file} ${spec.name}`, {
      ...{ file, name, role, machines, health, ports, dockerfile, context, linked },
      arguments: spec.arguments,
      baseOf: (reference) => {
        const base = spec.bases.get(reference);
        // A circle of images is told by RC003; here it must not be walked for ever.
        return base === undefined || leadsTo(graph, base, spec.file) ? undefined : byFile(images, base);
      },
      textOf: (path) => scripts.get(posix.join(spec.context, path)),
      inRepository: (path) => kindIn(tree, path) !== undefined,
    });
  }
  return [...images.values()];
}

function byFile(images: ReadonlyMap<string, ImageSubject>, file: string): ImageSubject | undefined {
  return [...images.values()].find((image) => image.file === file);
}

function leadsTo(graph: ReadonlyMap<string, readonly string[]>, from: string, target: string): boolean {
  const reached = new Set([from]);
  for (const file of reached) for (const next of graph.get(file) ?? []) reached.add(next);
  return reached.has(target);
}

function ignoreKey(spec: ImageSpec): string {
  return `${spec.file} ${spec.context}`;
}

type IgnoreFile = { readonly file: string; readonly text: string };

async function readIgnores(
  world: World,
  root: string,
  specs: readonly ImageSpec[],
): Promise<ReadonlyMap<string, IgnoreFile>> {
  const texts = new Map<string, Promise<string | undefined>>();
  const read = (file: string): Promise<string | undefined> => {
    const known = texts.get(file) ?? world.files.readText(join(root, file));
    texts.set(file, known);
    return known;
  };
  const found = await Promise.all(
    specs.map(async (spec): Promise<readonly (readonly [string, IgnoreFile])[]> => {
      for (const file of ignoreFilesOf(spec.file, spec.context)) {
        const text = await read(file);
        if (text !== undefined) return [[ignoreKey(spec), { file, text }]];
      }
      return [];
    }),
  );
  return new Map(found.flat());
}

/** Texts of the files that a HEALTHCHECK, CMD or ENTRYPOINT may mean: those of the repository with the names they speak of. */
async function readScripts(world: World, { root, tree, dockerfiles }: Making): Promise<ReadonlyMap<string, string>> {
  const spoken = new Set<string>();
  for (const dockerfile of dockerfiles.values()) {
    for (const instruction of dockerfile.instructions) {
      if (!['HEALTHCHECK', 'CMD', 'ENTRYPOINT'].includes(instruction.keyword)) continue;
      for (const match of argumentText(instruction).matchAll(/[\w.-]+(?=["'\s,\]]|$)/g)) spoken.add(match[0]);
    }
  }
  const wanted = [...tree.files].filter((file) => spoken.has(posix.basename(file)));
  const read = await Promise.all(
    wanted.map(async (file) => [file, await world.files.readText(join(root, file))] as const),
  );
  return new Map(
    read.flatMap(([file, text]) => (text === undefined || text.length > MAX_SCRIPT_CHARACTERS ? [] : [[file, text]])),
  );
}

interface LockSearch {
  readonly images: readonly ImageSubject[];
  /** Locks that rollout.yml names. */
  readonly named: readonly string[];
}

async function readLocks(
  world: World,
  root: string,
  { images, named }: LockSearch,
): Promise<readonly { subject: LockSubject; text: string }[]> {
  const demanded = hashedLocks(images);
  const files = [...new Set([...named, ...demanded.keys()])].toSorted();
  const read = await Promise.all(
    files.map(async (file) => {
      const text = await world.files.readText(join(root, file));
      if (text === undefined) return [];
      const lock = parseLock(text);
      const hashed =
        demanded.get(file) === true || named.includes(file) || lock.entries.some(({ hashes }) => hashes.length > 0);
      return [{ subject: { file, lock, hashed }, text }];
    }),
  );
  return read.flat();
}
