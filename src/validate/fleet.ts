// Reads a repository into what the rules look at: images with their contexts and bases, and their locks.
import { join, posix } from 'node:path';
import { otherEnding } from '../config/reading.ts';
import { isDockerfile, readRepository } from '../config/repository.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Finding } from '../documents/findings.ts';
import type { Config } from '../documents/fleet.ts';
import type { Dockerfile } from '../images/dockerfile.ts';
import type { World } from '../world/world.ts';
import { kindIn, makeContext, plantTree, type Tree } from './context.ts';
import { inferFleet, type ImageSpec } from './infer.ts';
import {
  ignoreKey,
  readBareFolders,
  readComposes,
  readDockerfiles,
  readIgnores,
  readLocks,
  readScripts,
} from './reading.ts';
import { namesakeOf } from './namesake.ts';
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
  /** Texts of the locks by path, for directives in comments. */
  readonly lockTexts: ReadonlyMap<string, string>;
}

export async function readFleet(world: World, options: FleetOptions): Promise<Reading> {
  const { root, file } = options;
  const hasFile = (await world.files.facts(join(root, file))) !== undefined;
  // Named with the other ending it would be read over in silence.
  const meant = hasFile || options.required || (await otherEnding(world, root, file)) !== undefined;
  const resolved = meant ? await resolveConfig(world, { root, file }) : undefined;
  const repository = await readRepository(world, root);
  const tree = plantTree(repository.files);
  const config = resolved?.kind === 'resolved' ? resolved.config : undefined;
  const inTree = repository.files.filter(isDockerfile);
  const paths = config === undefined ? inTree : config.images.map(({ dockerfile }) => dockerfile);
  const dockerfiles = await readDockerfiles(world, root, paths);
  const composes = config === undefined ? await readComposes(world, root, repository.files) : [];
  const inferred = config === undefined ? inferFleet({ dockerfiles, composes, tree }) : undefined;
  const specs = inferred?.specs ?? (config === undefined ? [] : specsOf(config));
  const known = [...tree.files].filter(
    (path) => dockerfiles.has(path) || composes.some((compose) => compose.file === path),
  );
  const images = await makeImages(world, { root, tree, specs, dockerfiles, inTree, registry: config?.registry });
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
    notes: inferred === undefined ? unchecked(inTree, dockerfiles) : [why, ...inferred.notes],
    lockTexts: new Map(locks.map(({ subject, text }) => [subject.file, text])),
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

interface Making {
  readonly root: string;
  readonly tree: Tree;
  readonly specs: readonly ImageSpec[];
  readonly dockerfiles: ReadonlyMap<string, Dockerfile>;
  /** Every file with the name of a Dockerfile. */
  readonly inTree: readonly string[];
  /** Under which the images of this repository have their names; undefined without a rollout.yml. */
  readonly registry: string | undefined;
}

async function makeImages(world: World, making: Making): Promise<readonly ImageSubject[]> {
  const { root, tree, specs, dockerfiles, inTree, registry } = making;
  const ignores = await readIgnores(world, root, specs);
  const scripts = await readScripts(world, root, { tree, dockerfiles });
  const bareFolders = await readBareFolders(world, root, { tree, dockerfiles, specs });
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
      bareFolders,
    });
    const { file, name, role, machines, health, ports } = spec;
    images.set(`${spec.file} ${spec.name}`, {
      ...{ file, name, role, machines, health, ports, dockerfile, context },
      linked: registry !== undefined,
      namesakeOf: (reference) =>
        registry === undefined ? undefined : namesakeOf(reference, { file, inTree, registry }),
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

/** Silence about a Dockerfile would be taken for its approval. */
function unchecked(inTree: readonly string[], dockerfiles: ReadonlyMap<string, Dockerfile>): readonly string[] {
  const rest = inTree.filter((path) => !dockerfiles.has(path));
  return rest.length === 0 ? [] : [`not checked, since no service of the fleet needs it: ${rest.join(', ')}`];
}

function byFile(images: ReadonlyMap<string, ImageSubject>, file: string): ImageSubject | undefined {
  return [...images.values()].find((image) => image.file === file);
}

function leadsTo(graph: ReadonlyMap<string, readonly string[]>, from: string, target: string): boolean {
  const reached = new Set([from]);
  for (const file of reached) for (const next of graph.get(file) ?? []) reached.add(next);
  return reached.has(target);
}
