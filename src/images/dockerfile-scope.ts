// Variables of a Dockerfile: global ARGs, each stage's ARG and ENV, and Docker's own substitution.
import { stageNamed, type Dockerfile, type Stage } from './dockerfile.ts';
import type { Instruction } from './dockerfile-instruction.ts';

/** Build arguments given from outside (`--build-arg`). */
export type Arguments = Readonly<Record<string, string>>;

export interface Scope {
  /** Declared ARGs; undefined for one that has no value. */
  readonly declared: ReadonlyMap<string, string | undefined>;
  readonly environment: ReadonlyMap<string, string>;
}

export interface Expanded {
  readonly value: string;
  /** Names used without a value and without a default. */
  readonly missing: readonly string[];
}

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

const MAX_DEPTH = 20;

/** What a stage's FROM means: an earlier stage, scratch, or an outside image with its variables put in. */
export function resolveFrom(dockerfile: Dockerfile, stage: Stage, given: Arguments = {}): Base {
  return resolveImage(dockerfile, stage.from, stage.index, globalScope(dockerfile, given));
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
export function globalScope(dockerfile: Dockerfile, given: Arguments = {}): Scope {
  const declared = new Map<string, string | undefined>(PLATFORM_ARGUMENTS);
  const scope: Scope = { declared, environment: new Map() };
  for (const instruction of dockerfile.globalArguments) {
    for (const { name, value } of assignments(instruction, dockerfile.escape)) {
      const expanded = value === undefined ? undefined : expand(value, scope, dockerfile.escape).value;
      declared.set(name, Object.hasOwn(given, name) ? given[name] : expanded);
    }
  }
  return scope;
}

/**
 * Visits the instructions of a stage in order, each with the variables that hold before it; the scope is live, read it at once.
 * Gives back the scope at the end. Earlier stages it is built on count; `inherited` is the environment of an outside base.
 */
export function walkStage(
  dockerfile: Dockerfile,
  stage: Stage,
  given: Arguments = {},
  visit: (instruction: Instruction, scope: Scope) => void = () => undefined,
): Scope {
  const base = resolveFrom(dockerfile, stage, given);
  const parent = base.kind === 'stage' ? walkStage(dockerfile, base.stage, given) : undefined;
  const declared = new Map(parent?.declared);
  const environment = new Map(parent?.environment);
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

/** Takes quotes away and puts variables in, as Docker does for FROM, COPY, ENV, LABEL, USER, WORKDIR and EXPOSE. */
export function expand(text: string, scope: Scope, escape = '\\'): Expanded {
  const missing: string[] = [];
  const lookup = (name: string): string | undefined => scope.environment.get(name) ?? scope.declared.get(name);
  const value = expandText({ text, lookup, escape, missing, depth: 0 });
  return { value, missing };
}

/** The names of all variables a text uses outside single quotes. */
export function variablesIn(text: string): readonly string[] {
  const outside = text.replaceAll(/'[^']*'/g, '').replaceAll(/\\\$/g, '');
  return [...outside.matchAll(/\$(?:\{(\w+)|([A-Za-z_]\w*))/g)].map((match) => match[1] ?? match[2] ?? '');
}

/** Takes quotes and escapes away and leaves variables alone. */
export function unquote(text: string, escape = '\\'): string {
  const asIs = (name: string): string => `$${name}`;
  const plain = text.replaceAll('${', `${escape}\${`);
  return expandText({ text: plain, lookup: asIs, escape, missing: [], depth: 0 });
}

interface Declaring {
  readonly dockerfile: Dockerfile;
  readonly scope: Scope;
  readonly declared: Map<string, string | undefined>;
  readonly global: Scope;
  readonly given: Arguments;
}

function declare(instruction: Instruction, { dockerfile, scope, declared, global, given }: Declaring): void {
  for (const { name, value } of assignments(instruction, dockerfile.escape)) {
    const own = value === undefined ? global.declared.get(name) : expand(value, scope, dockerfile.escape).value;
    declared.set(name, Object.hasOwn(given, name) ? given[name] : own);
  }
}

function assignEnvironment(instruction: Instruction, into: Map<string, string>, scope: Scope, escape: string): void {
  // All values of one ENV see the variables from before it.
  const pairs = assignments(instruction, escape).map(
    ({ name, value }) => [name, expand(value ?? '', scope, escape).value] as const,
  );
  for (const [name, value] of pairs) into.set(name, value);
}

interface Expansion {
  readonly text: string;
  readonly lookup: (name: string) => string | undefined;
  readonly escape: string;
  readonly missing: string[];
  readonly depth: number;
}

function expandText(work: Expansion): string {
  const { text, escape } = work;
  let out = '';
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote === "'") {
      if (char === "'") quote = '';
      else out += char;
    } else if (char === escape) {
      const next = text.charAt(at + 1);
      const keeps = quote === '"' && next !== '"' && next !== '$' && next !== escape;
      out += keeps ? char + next : next;
      at += 1;
    } else if (char === '"' || (char === "'" && quote === '')) {
      quote = quote === char ? '' : char;
    } else if (char === '$') {
      const variable = readVariable(work, at);
      out += variable.value;
      at = variable.end - 1;
    } else out += char;
  }
  return out;
}

function readVariable(work: Expansion, at: number): { value: string; end: number } {
  const { text } = work;
  const plain = /^\$([A-Za-z_]\w*|\d)/.exec(text.slice(at, at + 200));
  if (plain !== null) return { value: value(work, plain[1] ?? ''), end: at + plain[0].length };
  if (text.charAt(at + 1) !== '{') return { value: '$', end: at + 1 };
  const end = closingBrace(text, at + 2);
  if (end === undefined || work.depth > MAX_DEPTH) return { value: text.slice(at), end: text.length };
  return { value: modified(work, text.slice(at + 2, end)), end: end + 1 };
}

function closingBrace(text: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.charAt(at) === '{') depth += 1;
    if (text.charAt(at) === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return undefined;
}

function modified(work: Expansion, inside: string): string {
  const match = /^(\w+)(:?[-+?]|##?|%%?|\/\/?)?([\s\S]*)$/.exec(inside);
  if (match === null) return `\${${inside}}`;
  const [, name = '', operator, rest = ''] = match;
  if (operator === undefined) return value(work, name);
  const current = work.lookup(name);
  const word = (): string => expandText({ ...work, text: rest, depth: work.depth + 1 });
  const present = operator.startsWith(':') ? current !== undefined && current !== '' : current !== undefined;
  if (operator.endsWith('-')) return present ? (current ?? '') : word();
  if (operator.endsWith('+')) return present ? word() : '';
  if (operator.endsWith('?')) return present ? (current ?? '') : value({ ...work, lookup: () => undefined }, name);
  return current === undefined ? value(work, name) : cut(current, operator, word());
}

function cut(current: string, operator: string, word: string): string {
  if (operator.startsWith('/')) {
    const [pattern = '', replacement = ''] = word.split('/', 2);
    const found = glob(pattern, true);
    return operator === '//'
      ? current.replaceAll(new RegExp(found, 'g'), replacement)
      : current.replace(new RegExp(found), replacement);
  }
  const greedy = operator.length === 2;
  const body = glob(word, greedy);
  if (operator.startsWith('#')) return current.replace(new RegExp(`^(?:${body})`), '');
  const kept = new RegExp(`^(${greedy ? '[\\s\\S]*?' : '[\\s\\S]*'})(?:${body})$`).exec(current);
  return kept?.[1] ?? current;
}

function glob(pattern: string, greedy: boolean): string {
  const any = greedy ? '[\\s\\S]*' : '[\\s\\S]*?';
  const plain = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');
  return [...pattern].map((char) => (char === '*' ? any : char === '?' ? '[\\s\\S]' : plain(char))).join('');
}

function value(work: Expansion, name: string): string {
  const found = work.lookup(name);
  if (found === undefined) work.missing.push(name);
  return found ?? '';
}
