// What a repository without rollout.yml says of its images: their roles, contexts, ports and machines, each guess told.
import { posix } from 'node:path';
import type { ComposeFile } from '../config/compose.ts';
import { imageOfPath } from '../config/repository.ts';
import { copySources, stageFacts } from '../images/dockerfile-facts.ts';
import { resolveFrom } from '../images/dockerfile-scope.ts';
import { finalStage, type Dockerfile } from '../images/dockerfile.ts';
import { kindIn, type Tree } from './context.ts';
import { outsideFacts, readReference } from './outside.ts';
import type { ImageSubject, PublishedPorts } from './subject.ts';

/** What is needed to make an ImageSubject, whoever says it: rollout.yml, or inference. */
export interface ImageSpec extends Pick<
  ImageSubject,
  'file' | 'name' | 'role' | 'arguments' | 'machines' | 'health' | 'ports'
> {
  readonly context: string;
  readonly contextInferred: boolean;
  readonly lock: string | undefined;
  /** File of the image of this repository that a FROM text means. */
  readonly bases: ReadonlyMap<string, string>;
}

export interface Clues {
  readonly dockerfiles: ReadonlyMap<string, Dockerfile>;
  readonly composes: readonly ComposeFile[];
  readonly tree: Tree;
}

export interface Inferred {
  readonly specs: readonly ImageSpec[];
  readonly published: readonly PublishedPorts[];
  /** For people: what was taken for what, and why. */
  readonly notes: readonly string[];
}

const PROFILES = /^config\/machine-profiles\/([\w.-]+)\.json$/;

export function inferFleet(clues: Clues): Inferred {
  const machines = [...clues.tree.files].flatMap((file) => PROFILES.exec(file)?.[1] ?? []);
  const basesOf = new Map(
    [...clues.dockerfiles].map(([file, dockerfile]) => [file, findBases(file, dockerfile, clues)]),
  );
  const builtOn = new Set([...basesOf.values()].flatMap((bases) => [...bases.values()]));
  const specs = [...clues.dockerfiles].map(([file, dockerfile]): ImageSpec => {
    const composed = composedBy(file, clues);
    const role =
      composed !== undefined
        ? 'service'
        : builtOn.has(file)
          ? 'family'
          : startsSomething(dockerfile)
            ? 'service'
            : 'unknown';
    const context = composed?.context ?? likelyContext(file, dockerfile, clues.tree);
    return {
      file,
      name: imageOfPath(file) ?? file,
      role,
      context,
      contextInferred: composed?.context === undefined,
      arguments: composed?.arguments ?? {},
      machines,
      health: undefined,
      ports: composed?.ports ?? [],
      lock: undefined,
      bases: basesOf.get(file) ?? new Map(),
    };
  });
  return { specs, published: publishedBy(clues), notes: tell(specs) };
}

interface Composed {
  readonly context: string | undefined;
  readonly arguments: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
}

/** The compose service that runs what a Dockerfile makes: by its build, or by the name of its image. */
function composedBy(file: string, { composes }: Clues): Composed | undefined {
  for (const compose of composes) {
    for (const service of compose.services) {
      const ports = [...service.ports, ...service.exposed].map(({ container }) => container);
      const context =
        service.build === undefined ? undefined : posix.join(posix.dirname(compose.file), service.build.context);
      const built = context === undefined ? undefined : posix.join(context, service.build?.dockerfile ?? 'Dockerfile');
      if (built === file)
        return { context: context?.replace(/(?<=.)\/$/, ''), arguments: service.build?.arguments ?? {}, ports };
      if (built === undefined && service.imageName?.split('/').at(-1) === imageOfPath(file))
        return { context: undefined, arguments: {}, ports };
    }
  }
  return undefined;
}

function startsSomething(dockerfile: Dockerfile): boolean {
  const last = finalStage(dockerfile);
  if (last === undefined) return false;
  const { cmd, entrypoint, healthcheck, ports } = stageFacts(dockerfile, last);
  return cmd !== undefined || entrypoint !== undefined || healthcheck !== undefined || ports.length > 0;
}

/** The folder in which most COPY sources are found: the root, or one above the Dockerfile; the root where it is even. */
function likelyContext(file: string, dockerfile: Dockerfile, tree: Tree): string {
  const sources = dockerfile.instructions.flatMap((instruction) => {
    const copy = copySources(instruction);
    return copy === undefined || copy.from !== undefined
      ? []
      : copy.sources.filter((source) => !/[$*?[]/.test(source) && source !== '.');
  });
  const folders: string[] = [];
  for (let folder = posix.dirname(file); folder !== '.'; folder = posix.dirname(folder)) folders.unshift(folder);
  const found = (folder: string): number =>
    sources.filter((source) => kindIn(tree, posix.join(folder, source)) !== undefined).length;
  return folders.reduce((best, folder) => (found(folder) > found(best) ? folder : best), '.');
}

function findBases(file: string, dockerfile: Dockerfile, { dockerfiles }: Clues): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const stage of dockerfile.stages) {
    const base = resolveFrom(dockerfile, stage);
    const reference = base.kind === 'image' ? base.reference : undefined;
    const owner = reference === undefined ? undefined : ownerOf(reference, [...dockerfiles.keys()]);
    if (reference !== undefined && owner !== undefined && owner !== file) found.set(reference, owner);
  }
  return found;
}

function ownerOf(reference: string, files: readonly string[]): string | undefined {
  const parsed = readReference(reference);
  if (parsed === undefined || outsideFacts(reference) !== undefined) return undefined;
  // `redis:7` is Docker Hub's, even where a folder redis/ builds something too.
  const isHub = parsed.host === 'docker.io' && parsed.path.startsWith('library/');
  if (isHub && parsed.tag !== undefined && !/^(latest|local|dev)$/.test(parsed.tag)) return undefined;
  const name = parsed.path.split('/').at(-1);
  const owners = files.filter((file) => imageOfPath(file)?.toLowerCase() === name);
  return owners.length === 1 ? owners[0] : undefined;
}

function publishedBy({ composes }: Clues): readonly PublishedPorts[] {
  return composes.flatMap(({ file, services }) =>
    services.map((service): PublishedPorts => ({
      machine: /compose\.([\w-]+)\.ya?ml$/.exec(file)?.[1] ?? file,
      service: service.name,
      ports: service.ports,
      file,
      line: service.at('ports').line,
    })),
  );
}

function tell(specs: readonly ImageSpec[]): readonly string[] {
  const named = (role: ImageSpec['role']): string =>
    specs
      .filter((spec) => spec.role === role)
      .map(({ file }) => file)
      .join(', ');
  const lines = [
    ['service', 'held to the rules for services'],
    ['family', 'bases of other images'],
    ['unknown', 'neither run by compose nor started by themselves, checked as bases'],
  ] as const;
  return lines.flatMap(([role, meaning]) => (named(role) === '' ? [] : [`${meaning}: ${named(role)}`]));
}
