// A build that failed, told as a fault: which target, which line of which Dockerfile, what it printed, and the cure.
import type { Plan } from '../documents/plan.ts';
import { Fault, type FaultCode } from '../fault.ts';
import { bakeName } from './definition.ts';
import type { BuildProgress, TargetProgress } from './progress.ts';

export type FailureKind = 'auth' | 'transient' | 'unreachable' | 'step' | 'dockerfile' | 'plugin' | 'builder' | 'other';

export interface Failure {
  readonly kind: FailureKind;
  /** The error in buildx's words, without its prefixes. */
  readonly message: string;
  /** Where nobody answered: `127.0.0.1:5000`, or a name that nobody knows. */
  readonly address: string | undefined;
  /** The target's name in the plan, when it is known. */
  readonly target: string | undefined;
  readonly line: number | undefined;
}

/** As Go tells that nobody listens at an address, or that nobody knows the name. */
const ADDRESS =
  /dial tcp (\S+): connect: (?:connection refused|no route to host)|lookup (\S+?)(?: on \S+)?: no such host/;

const KINDS: readonly (readonly [FailureKind, RegExp])[] = [
  ['step', /did not complete successfully/],
  [
    'dockerfile',
    /dockerfile parse error|unknown instruction|failed to (?:compute cache key|calculate checksum)|failed to read dockerfile|file with no instructions/i,
  ],
  // Docker without the plugin takes buildx's first flag for its own.
  ['plugin', /unknown command: docker buildx|'buildx' is not a docker command|unknown flag: --file/],
  [
    'builder',
    /not implemented for docker driver|conflicts with unpack|no builder .* found|Cannot connect to the Docker daemon/,
  ],
  ['unreachable', ADDRESS],
  [
    'transient',
    /\b(?:429|500|502|503|504)\b|too ?many ?requests|connection (?:reset|refused)|i\/o timeout|TLS handshake timeout|unexpected EOF|broken pipe|secondary rate limit|code = Unavailable|error reading from server/i,
  ],
  [
    'auth',
    /access denied|insufficient_scope|unauthorized|authentication required|\bdenied\b|\b40[13]\b|failed to authorize/i,
  ],
];

const CURES: Readonly<Record<FailureKind, string>> = {
  auth: 'log in to the registry with the right to write (docker login; in a workflow permissions: packages: write), and see that the package is linked to this repository',
  transient: 'the registry or the network is busy; run the build again, finished layers come from the cache',
  unreachable:
    'is the registry the one that is meant (registry in rollout.yml, FROM in the Dockerfile), and does it run? A builder in a container has a localhost of its own',
  step: 'mend the command of that line; the lines above it are what it printed',
  dockerfile: 'mend that line; rollout validate tells what else is wrong',
  plugin:
    'install it (docker-buildx-plugin of Docker’s own packages, docker-buildx of Debian’s, or the file docker-buildx in ~/.docker/cli-plugins); in a workflow use docker/setup-buildx-action; docker buildx version tells when it is there',
  builder: 'use a builder that can push by digest: docker buildx create --driver docker-container --use',
  other: 'read the message; run it again with --dry-run to see what is asked of buildx',
};

const CODES: Readonly<Record<FailureKind, FaultCode>> = {
  auth: 'auth',
  transient: 'registry',
  unreachable: 'network',
  step: 'input',
  dockerfile: 'input',
  plugin: 'unsupported',
  builder: 'unsupported',
  other: 'process',
};

/** What went wrong, read from buildx's own error and the state of the targets. */
export function classifyFailure(plan: Plan, progress: BuildProgress): Failure {
  const errorLine = progress.plain.findLast((line) => line.startsWith('ERROR: ')) ?? ownWords(progress.plain);
  const said = errorLine.replace(/^ERROR: /, '');
  const [, named] = /^target ([A-Za-z0-9_-]+): /.exec(said) ?? [];
  const failed = [...progress.targets.values()].find(({ state }) => state === 'failed');
  const bake = named ?? failed?.name ?? onlyTarget(plan);
  const message = said.replace(/^target \S+: /, '').replace(/^failed to solve: /, '');
  const whole = `${message} ${failed?.error?.message ?? ''}`;
  const place = progress.plain.findLast((line) => /^\S+:\d+$/.test(line));
  return {
    kind: KINDS.find(([, pattern]) => pattern.test(whole))?.[0] ?? 'other',
    message,
    address: addressIn(whole),
    target: plan.build.find(({ name }) => bakeName(name) === bake)?.name,
    line: place === undefined ? undefined : Number(place.slice(place.lastIndexOf(':') + 1)),
  };
}

/** The fault of a failed build; says what became of the other targets too. */
export function buildFault(plan: Plan, progress: BuildProgress, failure: Failure): Fault {
  const { kind, message, target, line } = failure;
  const recipe = plan.build.find(({ name }) => name === target);
  const state = recipe === undefined ? undefined : progress.targets.get(bakeName(recipe.name));
  const log = kind === 'step' ? (state?.error?.log ?? []) : [];
  const where =
    recipe === undefined || kind === 'plugin'
      ? undefined
      : `${recipe.dockerfile}${line === undefined ? '' : `:${line}`}`;
  const states = Object.fromEntries([...progress.targets.values()].map((one) => [one.name, one.state]));
  return new Fault(CODES[kind], headline(failure), {
    ...(where === undefined ? {} : { where }),
    expected: expectation(failure, recipe?.repository ?? plan.registry),
    found: [...log.map((row) => `| ${row}`), message, kind === 'plugin' ? '' : othersState(progress, state)]
      .filter((row) => row !== '')
      .join('\n            '),
    cure: CURES[kind],
    facts: { kind, target, message, states },
  });
}

/** Without an error of buildx: what was said first is the matter, what comes last is a hint at some help. */
function ownWords(plain: readonly string[]): string {
  return plain.find((line) => !line.startsWith('WARNING')) ?? '';
}

function addressIn(text: string): string | undefined {
  const [, address, name] = ADDRESS.exec(text) ?? [];
  return address ?? name;
}

function headline({ kind, target, address }: Failure): string {
  const what = `${target ?? 'the build'} could not be built`;
  if (kind === 'plugin') return 'docker has no buildx here, and nothing can be built without it';
  if (kind === 'unreachable') return `${what}: nothing listens at ${address}`;
  return kind === 'auth' ? `${what}: the registry refuses` : what;
}

function expectation({ kind, address }: Failure, repository: string): string {
  if (kind === 'plugin') return 'docker buildx 0.13 or later';
  if (kind === 'unreachable') return `an answer of ${address}, to push to ${repository}`;
  return kind === 'auth' ? `to push to ${repository}` : 'every target built and pushed';
}

function onlyTarget(plan: Plan): string | undefined {
  const [only] = plan.build;
  return plan.build.length === 1 && only !== undefined ? bakeName(only.name) : undefined;
}

function othersState(progress: BuildProgress, failed: TargetProgress | undefined): string {
  const others = [...progress.targets.values()].filter((one) => one !== failed);
  const told = (['done', 'failed', 'pushing', 'building', 'stopped', 'waiting'] as const).flatMap((state) => {
    const names = others.filter((one) => one.state === state).map(({ name }) => name);
    return names.length === 0 ? [] : [`${STATE_WORDS[state]}: ${names.join(', ')}`];
  });
  return told.length === 0 ? '' : `the others: ${told.join('; ')}`;
}

const STATE_WORDS = {
  done: 'pushed',
  failed: 'failed',
  pushing: 'stopped while pushing',
  building: 'stopped while building',
  stopped: 'stopped while building',
  waiting: 'not begun',
} as const;
