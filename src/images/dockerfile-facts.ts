// What the image of a stage will say of itself: user, command, health check, ports, labels, read from the file alone.
import { posix } from 'node:path';
import type { Dockerfile, Stage } from './dockerfile.ts';
import { argumentText, flagValue, mounts, type Instruction, type Place } from './dockerfile-instruction.ts';
import { assignments, resolveFrom, resolveImage, walkStage, type Arguments, type Base } from './dockerfile-scope.ts';
import { expand, variablesIn, type Scope } from './expansion.ts';

/** A value with the instruction it comes from. */
export interface Told<T> extends Place {
  readonly value: T;
}

export interface ImageFacts {
  readonly user: Told<string> | undefined;
  /** Absolute; undefined when no WORKDIR was seen. */
  readonly workdir: Told<string> | undefined;
  /** As the image config holds it; shell form is `["/bin/sh", "-c", …]`. */
  readonly entrypoint: Told<readonly string[]> | undefined;
  readonly cmd: Told<readonly string[]> | undefined;
  /** `Healthcheck.Test` of the image config: `["CMD", …]`, `["CMD-SHELL", …]` or `["NONE"]`. */
  readonly healthcheck: Told<readonly string[]> | undefined;
  /** `8080/tcp`. */
  readonly ports: readonly Told<string>[];
  readonly labels: ReadonlyMap<string, Told<string>>;
  readonly environment: ReadonlyMap<string, string>;
  /** What runs shell forms; SHELL changes it. */
  readonly shell: readonly string[];
}

export interface Copy {
  /** The stage or image named by --from; undefined: the build context. */
  readonly from: string | undefined;
  /** As written, without quotes, variables put in. Heredocs are left out. */
  readonly sources: readonly string[];
  readonly destination: string;
  /** Variables without a value that a path or --from uses: then the paths can't be known. */
  readonly missing: readonly string[];
}

const NO_FACTS: ImageFacts = {
  user: undefined,
  workdir: undefined,
  entrypoint: undefined,
  cmd: undefined,
  healthcheck: undefined,
  ports: [],
  labels: new Map(),
  environment: new Map(),
  shell: ['/bin/sh', '-c'],
};

const NO_SCOPE: Scope = { declared: new Map(), environment: new Map() };
const MAX_PORTS_OF_A_RANGE = 1000;
/** Of one image; those beyond are not looked at. */
const MAX_PORTS = 5000;

/** The facts of a stage, earlier stages of the file included; `outside` are those of the image its chain begins with. */
export function stageFacts(
  dockerfile: Dockerfile,
  stage: Stage,
  given?: Arguments,
  outside: ImageFacts = NO_FACTS,
): ImageFacts {
  const labels = new Map(outside.labels);
  let facts: ImageFacts = { ...outside, labels };
  let environment: Scope['environment'] = NO_SCOPE.environment;
  for (const member of stageChain(dockerfile, stage, given)) {
    let commandSet = false;
    const scope = walkStage(dockerfile, member, given, (instruction, before) => {
      facts = applyInstruction(facts, instruction, before, { escape: dockerfile.escape, commandSet, labels });
      commandSet ||= instruction.keyword === 'CMD';
    });
    environment = scope.environment;
  }
  const own = [...environment].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { ...facts, environment: new Map([...outside.environment, ...own]) };
}

/** The stages a stage is built on by FROM, the first one first, itself last. */
export function stageChain(dockerfile: Dockerfile, stage: Stage, given?: Arguments): readonly Stage[] {
  const chain = [stage];
  for (let base = resolveFrom(dockerfile, stage, given); base.kind === 'stage';) {
    chain.push(base.stage);
    base = resolveFrom(dockerfile, base.stage, given);
  }
  return chain.toReversed();
}

/** What a stage's chain begins with: an outside image, scratch, or something unresolved. */
export function outsideBase(dockerfile: Dockerfile, stage: Stage, given?: Arguments): Exclude<Base, { kind: 'stage' }> {
  const [root = stage] = stageChain(dockerfile, stage, given);
  const base = resolveFrom(dockerfile, root, given);
  return base.kind === 'stage' ? { kind: 'unresolved', text: root.from, missing: [] } : base;
}

/** The paths of a COPY or ADD; undefined for any other instruction. */
export function copySources(instruction: Instruction, scope: Scope = NO_SCOPE, escape = '\\'): Copy | undefined {
  if (instruction.keyword !== 'COPY' && instruction.keyword !== 'ADD') return undefined;
  const written = instruction.json ?? instruction.words.map(({ raw }) => raw);
  const paths = written
    .filter((path) => !/^\d*<<-?["']?[^<\s]+$/.test(path))
    .map((path) => expand(path, scope, escape));
  const from = flagValue(instruction, 'from');
  const source = from === undefined ? undefined : expand(from, scope, escape);
  const values = paths.map(({ value }) => value);
  return {
    from: source?.value,
    sources: values.slice(0, -1),
    destination: values.at(-1) ?? '',
    missing: [...paths, ...(source === undefined ? [] : [source])].flatMap(({ missing }) => missing),
  };
}

/** Stages and images that a stage takes files from, by COPY --from, ADD --from or a mount. */
export function takesFrom(dockerfile: Dockerfile, stage: Stage, given?: Arguments): readonly Base[] {
  const bases: Base[] = [];
  walkStage(dockerfile, stage, given, (instruction, scope) => {
    for (const text of fromTexts(instruction)) bases.push(resolveImage(dockerfile, text, stage.index, scope));
  });
  return bases;
}

/** True when the stage, or any it is built on or takes files from, declares that ARG, or a FROM on the way uses it. */
export function reachesArg(dockerfile: Dockerfile, stage: Stage, name: string, given?: Arguments): boolean {
  return neededStages(dockerfile, stage, given).some(
    (needed) =>
      variablesIn(needed.from).includes(name) ||
      needed.instructions.some((instruction) => declares(instruction, name, dockerfile.escape)),
  );
}

/** All stages a build of `stage` needs, itself included. */
export function neededStages(dockerfile: Dockerfile, stage: Stage, given?: Arguments): readonly Stage[] {
  const needed = new Set<Stage>([stage]);
  for (const member of needed) {
    for (const base of [resolveFrom(dockerfile, member, given), ...takesFrom(dockerfile, member, given)]) {
      if (base.kind === 'stage') needed.add(base.stage);
    }
  }
  return [...needed];
}

function declares(instruction: Instruction, name: string, escape: string): boolean {
  return instruction.keyword === 'ARG' && assignments(instruction, escape).some((pair) => pair.name === name);
}

function fromTexts(instruction: Instruction): readonly string[] {
  const from =
    instruction.keyword === 'COPY' || instruction.keyword === 'ADD' ? flagValue(instruction, 'from') : undefined;
  const mounted = mounts(instruction).flatMap((mount) => mount.get('from') ?? []);
  return from === undefined ? mounted : [from, ...mounted];
}

interface Applying {
  readonly escape: string;
  /** A CMD came earlier in this very stage. */
  readonly commandSet: boolean;
  /** The labels of the facts, to write into. */
  readonly labels: Map<string, Told<string>>;
}

function applyInstruction(facts: ImageFacts, instruction: Instruction, scope: Scope, how: Applying): ImageFacts {
  const { line, endLine, column } = instruction;
  const told = <T>(value: T): Told<T> => ({ value, line, endLine, column });
  const expanded = (): string => expand(argumentText(instruction), scope, how.escape).value;
  switch (instruction.keyword) {
    case 'USER':
      return { ...facts, user: told(expanded()) };
    case 'WORKDIR':
      return { ...facts, workdir: told(posix.resolve('/', facts.workdir?.value ?? '/', expanded())) };
    case 'ENTRYPOINT':
      // An entrypoint drops the command it inherits, unless its own stage has already set one.
      return {
        ...facts,
        entrypoint: told(commandOf(instruction, facts.shell)),
        cmd: how.commandSet ? facts.cmd : undefined,
      };
    case 'CMD':
      return { ...facts, cmd: told(commandOf(instruction, facts.shell)) };
    case 'SHELL':
      return { ...facts, shell: instruction.json ?? facts.shell };
    case 'HEALTHCHECK':
      return { ...facts, healthcheck: told(testOf(instruction)) };
    case 'EXPOSE':
      return facts.ports.length >= MAX_PORTS
        ? facts
        : { ...facts, ports: [...facts.ports, ...portsOf(instruction, scope, how.escape).map(told)] };
    case 'LABEL': {
      const pairs = assignments(instruction, how.escape);
      for (const { name, value } of pairs) how.labels.set(name, told(expand(value ?? '', scope, how.escape).value));
      return facts;
    }
    default:
      return facts;
  }
}

function commandOf(instruction: Instruction, shell: readonly string[]): readonly string[] {
  const text = argumentText(instruction);
  // `CMD` alone is an empty command.
  return instruction.json ?? (text === '' ? [] : [...shell, text]);
}

function testOf(instruction: Instruction): readonly string[] {
  const text = argumentText(instruction);
  if (/^NONE$/i.test(text)) return ['NONE'];
  return instruction.json === undefined ? ['CMD-SHELL', text.replace(/^CMD\s*/i, '')] : ['CMD', ...instruction.json];
}

function portsOf(instruction: Instruction, scope: Scope, escape: string): readonly string[] {
  return instruction.words.slice(0, MAX_PORTS_OF_A_RANGE).flatMap(({ raw }) => {
    const [numbers = '', protocol = 'tcp'] = expand(raw, scope, escape).value.toLowerCase().split('/');
    const [first = '', last = first] = numbers.split('-');
    const count = Number(last) - Number(first) + 1;
    if (!Number.isInteger(count) || count < 1 || count > MAX_PORTS_OF_A_RANGE) return [`${numbers}/${protocol}`];
    return Array.from({ length: count }, (_, index) => `${Number(first) + index}/${protocol}`);
  });
}
