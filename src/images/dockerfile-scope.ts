// Variables of a Dockerfile: global ARGs, each stage's ARG and ENV, and what FROM means with them put in.
import { stageNamed, type Dockerfile, type Stage } from './dockerfile.ts';
import type { Instruction } from './dockerfile-instruction.ts';
import { expand, unquote, type Scope } from './expansion.ts';
import { Layer } from './layer.ts';

/** Build arguments given from outside (`--build-arg`). */
export type Arguments = Readonly<Record<string, string>>;

export type Base =
  | { readonly kind: 'stage'; readonly stage: Stage }
  | { readonly kind: 'scratch' }
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'unresolved'; readonly text: string; readonly missing: readonly string[] };

export interface Assignment {
  readonly name: string;
  /** As written, quotes and variables included; undefined for `ARG X`. */
  readonly value: string | undefined;
  readonly offset: number;
}

/** Set by the builder itself wherever they are declared. */
export const PLATFORM_ARGUMENTS: ReadonlyMap<string, string> = new Map([
  ['TARGETPLATFORM', 'linux/amd64'],
  ['TARGETOS', 'linux'],
  ['TARGETARCH', 'amd64'],
  ['TARGETVARIANT', ''],
  ['BUILDPLATFORM', 'linux/amd64'],
  ['BUILDOS', 'linux'],
  ['BUILDARCH', 'amd64'],
  ['BUILDVARIANT', ''],
]);

/** What a stage's FROM means: an earlier stage, scratch, or an outside image with its variables put in. */
export function resolveFrom(dockerfile: Dockerfile, stage: Stage, given: Arguments = NOTHING_GIVEN): Base {
  const { bases, global } = knownOf(dockerfile, given);
  const base = bases.get(stage.index) ?? resolveImage(dockerfile, stage.from, stage.index, global);
  bases.set(stage.index, base);
  return base;
}

/** What the text of FROM, `COPY --from` or a mount's `from` means in the stage with that index. */
export function resolveImage(dockerfile: Dockerfile, text: string, index: number, scope: Scope): Base {
  const { value, missing } = expand(text, scope, dockerfile.escape);
  if (missing.length > 0 || value === '') return { kind: 'unresolved', text, missing };
  const stage = stageNamed(dockerfile, value, index);
  if (stage !== undefined) return { kind: 'stage', stage };
  return value === 'scratch' ? { kind: 'scratch' } : { kind: 'image', reference: value };
}

/** The ARGs before the first FROM, with what is given from outside. */
export function globalScope(dockerfile: Dockerfile, given: Arguments = NOTHING_GIVEN): Scope {
  return knownOf(dockerfile, given).global;
}

/** As walkStage, for the ARGs before the first FROM. */
export function walkGlobal(dockerfile: Dockerfile, given: Arguments, visit: Visit): Scope {
  const declared = new Layer<string>(undefined, PLATFORM_ARGUMENTS);
  const scope: Scope = { declared, environment: new Layer<string>(undefined) };
  for (const instruction of dockerfile.globalArguments) {
    visit(instruction, scope);
    for (const { name, value } of assignments(instruction, dockerfile.escape)) {
      const own = value === undefined ? undefined : valueOf(value, scope, dockerfile.escape);
      declared.set(name, Object.hasOwn(given, name) ? given[name] : own);
    }
  }
  return scope;
}

export type Visit = (instruction: Instruction, scope: Scope) => void;

/**
 * Visits the instructions of a stage in order, each with the variables that hold before it; the scope is live, read it at once.
 * Gives back the scope at the end. Earlier stages it is built on count.
 */
export function walkStage(
  dockerfile: Dockerfile,
  stage: Stage,
  given: Arguments = NOTHING_GIVEN,
  visit: Visit = () => undefined,
): Scope {
  const parent = parentScope(dockerfile, stage, given);
  const declared = new Layer(parent?.declared);
  const environment = new Layer(parent?.environment);
  const scope: Scope = { declared, environment };
  const global = globalScope(dockerfile, given);
  for (const instruction of stage.instructions) {
    visit(instruction, scope);
    if (instruction.keyword === 'ARG') declare(instruction, { dockerfile, scope, declared, global, given });
    if (instruction.keyword === 'ENV') assignEnvironment(instruction, environment, scope, dockerfile.escape);
  }
  return scope;
}

/** The `NAME=value` pairs of ARG, ENV and LABEL; also the old `ENV NAME some text`. */
export function assignments(instruction: Instruction, escape = '\\'): readonly Assignment[] {
  const { keyword, words, text } = instruction;
  const [first] = words;
  if (first === undefined) return [];
  if (keyword !== 'ARG' && !first.raw.includes('=')) {
    const value = text.slice(first.offset + first.raw.length).trim();
    return [{ name: first.raw, value, offset: first.offset }];
  }
  return words.map(({ raw, offset }) => {
    const at = raw.indexOf('=');
    if (at < 0) return { name: unquote(raw, escape), value: undefined, offset };
    return { name: unquote(raw.slice(0, at), escape), value: raw.slice(at + 1), offset };
  });
}

/** What was worked out of a file with these arguments; each stage is asked for by all that are built on it, and by many rules. */
interface Known {
  readonly global: Scope;
  readonly bases: Map<number, Base>;
  /** The scopes at the end of stages that others are built on. */
  readonly ends: Map<number, Scope>;
}

const NOTHING_GIVEN: Arguments = {};
const known = new WeakMap<Dockerfile, WeakMap<Arguments, Known>>();

function knownOf(dockerfile: Dockerfile, given: Arguments): Known {
  const byArguments = known.get(dockerfile) ?? new WeakMap<Arguments, Known>();
  known.set(dockerfile, byArguments);
  const found = byArguments.get(given);
  if (found !== undefined) return found;
  const made = { global: walkGlobal(dockerfile, given, () => undefined), bases: new Map(), ends: new Map() };
  byArguments.set(given, made);
  return made;
}

function parentScope(dockerfile: Dockerfile, stage: Stage, given: Arguments): Scope | undefined {
  const base = resolveFrom(dockerfile, stage, given);
  if (base.kind !== 'stage') return undefined;
  const { ends } = knownOf(dockerfile, given);
  const end = ends.get(base.stage.index) ?? walkStage(dockerfile, base.stage, given);
  ends.set(base.stage.index, end);
  return end;
}

interface Declaring {
  readonly dockerfile: Dockerfile;
  readonly scope: Scope;
  readonly declared: Layer<string>;
  readonly global: Scope;
  readonly given: Arguments;
}

function declare(instruction: Instruction, { dockerfile, scope, declared, global, given }: Declaring): void {
  for (const { name, value } of assignments(instruction, dockerfile.escape)) {
    const own = value === undefined ? global.declared.get(name) : valueOf(value, scope, dockerfile.escape);
    declared.set(name, Object.hasOwn(given, name) ? given[name] : own);
  }
}

function assignEnvironment(instruction: Instruction, into: Layer<string>, scope: Scope, escape: string): void {
  // All values of one ENV see the variables from before it.
  const pairs = assignments(instruction, escape).map(
    ({ name, value }) => [name, valueOf(value ?? '', scope, escape)] as const,
  );
  for (const [name, value] of pairs) into.set(name, value);
}

/** Undefined for one that grows too long: what is built on it is unknown then, and not too long as well. */
function valueOf(text: string, scope: Scope, escape: string): string | undefined {
  const { value, excess } = expand(text, scope, escape);
  return excess === undefined ? value : undefined;
}
