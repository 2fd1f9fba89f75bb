// From images to targets: which are built and why, which are kept by digest, and what each must turn out to be.
import { createHash } from 'node:crypto';
import { factsOf, withMachine } from '../config/image-facts.ts';
import { HEALTH_PORT_LABEL } from '../config/health.ts';
import type { Config, Image } from '../documents/fleet.ts';
import type { BuildTarget, ExpectedImage, KeptTarget } from '../documents/plan.ts';
import type { Release } from '../documents/release.ts';
import { declaredArguments } from './arguments.ts';
import type { Dockerfile } from '../images/dockerfile.ts';
import { lastTouch, type History } from './history.ts';
import { readsOf, type Reads } from './inputs.ts';

export interface Changes {
  /** What the changes are counted from, for people: `9c99cc9`; undefined when there is nothing to compare with. */
  readonly since: string | undefined;
  readonly paths: readonly string[];
  /** Paths said to have changed: what reads them is built whatever its inputs say. */
  readonly forced: readonly string[];
}

export interface TargetQuestion {
  readonly config: Config;
  readonly history: History;
  readonly dockerfiles: ReadonlyMap<string, Dockerfile>;
  readonly ignores: ReadonlyMap<string, string>;
  /** Lock path → sha256 of its bytes. */
  readonly lockHashes: ReadonlyMap<string, string>;
  readonly previous: Release | undefined;
  readonly changes: Changes;
  readonly tag: string;
}

export interface Targets {
  /** Parents before children. */
  readonly build: readonly BuildTarget[];
  readonly kept: readonly KeptTarget[];
}

export const LABELS = {
  source: 'org.opencontainers.image.source',
  revision: 'org.opencontainers.image.revision',
  title: 'org.opencontainers.image.title',
  service: 'io.rollout.service',
  machine: 'io.rollout.machine',
  healthPort: HEALTH_PORT_LABEL,
  lock: 'io.rollout.lock',
  inputs: 'io.rollout.inputs',
} as const;

/** Decides for every variant of every image whether it is built or kept. */
export function decideTargets(question: TargetQuestion): Targets {
  const settled = new Map<string, Settled>();
  for (const image of question.config.images) {
    for (const machine of image.perMachine ? image.machines : [undefined]) {
      const variant = describeVariant(question, image, machine, settled);
      settled.set(variant.target.name, variant);
    }
  }
  const all = [...settled.values()];
  return {
    build: all.flatMap((one) => (one.kind === 'build' ? [one.target] : [])),
    kept: all.flatMap((one) => (one.kind === 'kept' ? [one.target] : [])),
  };
}

/** The name of a variant: the image's, and the machine's behind it when there is one per machine. */
export function targetName(image: string, machine: string | undefined): string {
  return machine === undefined ? image : `${image}-${machine}`;
}

interface Known {
  /** Hash over everything the build reads, its parents' hashes included. */
  readonly inputs: string;
  /** All that the image and its parents read. */
  readonly reads: Reads;
}
type Settled = Known &
  ({ readonly kind: 'build'; readonly target: BuildTarget } | { readonly kind: 'kept'; readonly target: KeptTarget });

function describeVariant(
  question: TargetQuestion,
  image: Image,
  machine: string | undefined,
  settled: ReadonlyMap<string, Settled>,
): Settled {
  const { config, dockerfiles, ignores, history, previous, tag } = question;
  const parents = image.parents.flatMap(({ image: name, from }) => {
    const parent = settled.get(targetName(name, machine)) ?? settled.get(name);
    return parent === undefined ? [] : [{ from, parent }];
  });
  const dockerfile = dockerfiles.get(image.dockerfile);
  const own = dockerfile === undefined ? () => false : readsOf({ image, dockerfile, ignores, machine });
  const reads: Reads = (path) => own(path) || parents.some(({ parent }) => parent.reads(path));
  const inputs = inputsHash({ history, own, image, machine, parents: parents.map(({ parent }) => parent.inputs) });
  const revision = lastTouch(history, reads);
  const labels = labelsOf(question, image, machine, { revision, inputs });
  const name = targetName(image.name, machine);
  const target = {
    name,
    image: image.name,
    kind: image.kind,
    ...(machine === undefined ? {} : { machine }),
    repository: image.repository,
    tag: machine === undefined ? tag : `${tag}-${machine}`,
    expected: expectedOf({ config, dockerfiles }, image, machine, labels),
  };
  const before = previous?.images.find((one) => one.name === name && one.repository === image.repository);
  const reasons = reasonsToBuild(question, { own, inputs, parents: parents.map(({ parent }) => parent) }, before);
  if (reasons.length === 0 && before !== undefined) {
    // The labels are those it was built with; only the tag is new.
    const kept = { ...target, expected: before.expected, digest: before.digest };
    return { kind: 'kept', inputs, reads, target: kept };
  }
  const given = withMachine(image.arguments, machine);
  const wantsRevision = dockerfile !== undefined && declaredArguments(dockerfile).has(REVISION_ARGUMENT);
  return {
    kind: 'build',
    inputs,
    reads,
    target: {
      ...target,
      dockerfile: image.dockerfile,
      context: image.context,
      arguments: wantsRevision ? { ...given, [REVISION_ARGUMENT]: given[REVISION_ARGUMENT] ?? revision } : given,
      labels,
      contexts: parents.map(({ from, parent }) => ({ from, is: linkTo(parent) })),
      reasons,
    },
  };
}

const REVISION_ARGUMENT = 'REVISION';

function linkTo(parent: Settled): BuildTarget['contexts'][number]['is'] {
  if (parent.kind === 'build') return { kind: 'target', target: parent.target.name };
  return { kind: 'image', reference: `${parent.target.repository}@${parent.target.digest}` };
}

interface Judged {
  readonly own: Reads;
  readonly inputs: string;
  readonly parents: readonly Settled[];
}

/** Why a variant must be built; none means that the one of the previous release is the same. */
function reasonsToBuild(
  { config, changes, previous }: TargetQuestion,
  { own, inputs, parents }: Judged,
  before: Release['images'][number] | undefined,
): readonly string[] {
  if (previous === undefined) return ['first release'];
  if (previous.registry !== config.registry && before === undefined) {
    return [`release ${previous.tag} is of another registry: ${previous.registry}, not ${config.registry}`];
  }
  if (before === undefined) return [`not in release ${previous.tag}`];
  const rebuilt = parents.flatMap((one) => (one.kind === 'build' ? [`${one.target.name} is built`] : []));
  const forced = changes.forced.filter(own).map((path) => `${path} is said to have changed`);
  if (before.expected.labels[LABELS.inputs] === inputs) return [...forced, ...rebuilt];
  const changed = changes.paths.filter(own).map((path) => `${path} changed`);
  const reasons = [...forced, ...changed, ...rebuilt];
  return reasons.length > 0 ? reasons : [`what it is made from differs from release ${previous.tag}`];
}

interface Hashing {
  readonly history: History;
  readonly own: Reads;
  readonly image: Image;
  readonly machine: string | undefined;
  readonly parents: readonly string[];
}

function inputsHash({ history, own, image, machine, parents }: Hashing): string {
  const files = [...history.files].filter(([path]) => own(path)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const recipe = {
    dockerfile: image.dockerfile,
    context: image.context,
    arguments: Object.entries(withMachine(image.arguments, machine)).toSorted(),
    parents,
    files: files.map(([path, { content }]) => [path, content]),
  };
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex');
}

function labelsOf(
  { history, config, lockHashes }: TargetQuestion,
  image: Image,
  machine: string | undefined,
  { revision, inputs }: { readonly revision: string; readonly inputs: string },
): Readonly<Record<string, string>> {
  const lock = image.lock === undefined ? undefined : lockHashes.get(image.lock);
  const port = healthPort(config, image, machine);
  const labels: Readonly<Record<string, string | undefined>> = {
    [LABELS.source]: history.source,
    [LABELS.revision]: revision,
    [LABELS.title]: image.name,
    [LABELS.service]: image.kind === 'service' ? image.name : undefined,
    [LABELS.machine]: machine,
    [LABELS.healthPort]: port === undefined ? undefined : String(port),
    [LABELS.lock]: lock,
    [LABELS.inputs]: inputs,
  };
  return Object.fromEntries(
    Object.entries(labels).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function healthPort(config: Config, image: Image, machine: string | undefined): number | undefined {
  const ports = config.placements
    .filter((one) => one.image === image.name && (machine === undefined || one.machine === machine))
    .map(({ health }) => health.port);
  return new Set(ports).size === 1 ? ports[0] : undefined;
}

function expectedOf(
  { config, dockerfiles }: Pick<TargetQuestion, 'config' | 'dockerfiles'>,
  image: Image,
  machine: string | undefined,
  labels: Readonly<Record<string, string>>,
): ExpectedImage {
  const images = new Map(config.images.map((one) => [one.name, one]));
  const facts = factsOf(image.name, { images, dockerfiles, machine });
  const baked = [...(facts?.labels ?? [])].map(([key, { value }]) => [key, value] as const);
  const ports = facts?.ports.map(({ value }) => value).toSorted() ?? [];
  return {
    platform: 'linux/amd64',
    ...(machine === undefined ? {} : { machine }),
    ...(image.kind === 'service' ? { service: image.name } : {}),
    ...(facts?.user === undefined ? {} : { user: facts.user.value }),
    ...(facts?.entrypoint === undefined ? {} : { entrypoint: [...facts.entrypoint.value] }),
    ...(facts?.cmd === undefined ? {} : { command: [...facts.cmd.value] }),
    ...(facts?.healthcheck === undefined ? {} : { healthcheck: [...facts.healthcheck.value] }),
    ...(ports.length === 0 ? {} : { exposedPorts: [...new Set(ports)] }),
    labels: { ...Object.fromEntries(baked), ...labels },
  };
}
