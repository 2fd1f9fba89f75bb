// Docker's own substitution of variables, within bounds: what it makes of a text stays small and is made in few steps.
import type { Variables } from './layer.ts';
import { replace, trim, type Meter } from './shell-pattern.ts';

export interface Scope {
  /** Declared ARGs; undefined for one that has no value. */
  readonly declared: Variables<string>;
  readonly environment: Variables<string>;
}

export interface Expanded {
  readonly value: string;
  /** Names used without a value and without a default. */
  readonly missing: readonly string[];
  /** Why the variables were not put in: then the value is the text as written and every name in it is missing. */
  readonly excess: Excess | undefined;
}

/** More characters than a value may have, or a pattern that takes too many steps. */
export type Excess = 'length' | 'steps';

/** Linux starts no program with a variable over 128 kB; a text that doubles with each line gets there in 17 lines. */
export const LONGEST_VALUE = 64_000;
/** Comparisons that the patterns of one text may take; cutting the registry off an image name takes about a hundred. */
export const MOST_PATTERN_STEPS = 10_000;
/** Defaults within defaults. */
const MAX_DEPTH = 20;

/**
 * Takes quotes away and puts variables in, as Docker does for FROM, COPY, ENV, LABEL, USER, WORKDIR and EXPOSE. What grows beyond
 * LONGEST_VALUE, other than by being written so, is left as it is.
 */
export function expand(text: string, scope: Scope, escape = '\\'): Expanded {
  const missing: string[] = [];
  const meter = { left: MOST_PATTERN_STEPS };
  const lookup = (name: string): string | undefined => scope.environment.get(name) ?? scope.declared.get(name);
  const longest = Math.max(LONGEST_VALUE, text.length);
  const value = expandText({ text, lookup, escape, missing, depth: 0, longest, meter });
  const excess = value.length > longest ? 'length' : meter.left < 0 ? 'steps' : undefined;
  return excess === undefined ? { value, missing, excess } : { value: text, missing: variablesIn(text), excess };
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
  const meter = { left: 0 };
  return expandText({ text: plain, lookup: asIs, escape, missing: [], depth: 0, longest: plain.length, meter });
}

interface Expansion {
  readonly text: string;
  readonly lookup: (name: string) => string | undefined;
  readonly escape: string;
  readonly missing: string[];
  readonly depth: number;
  /** What is made ends soon behind this many characters. */
  readonly longest: number;
  readonly meter: Meter;
}

function expandText(work: Expansion): string {
  const { text, escape } = work;
  let out = '';
  let quote = '';
  for (let at = 0; at < text.length && out.length <= work.longest; at += 1) {
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
  return current === undefined ? value(work, name) : cut(work, { current, operator, word: word() });
}

interface Cutting {
  readonly current: string;
  readonly operator: string;
  readonly word: string;
}

function cut({ meter, longest }: Expansion, { current, operator, word }: Cutting): string {
  if (operator.startsWith('/')) {
    const [pattern = '', replacement = ''] = word.split('/', 2);
    return replace(current, { pattern, replacement, all: operator === '//', longest }, meter);
  }
  const side = operator.startsWith('#') ? 'prefix' : 'suffix';
  return trim(current, word, { side, longest: operator.length === 2 }, meter);
}

function value(work: Expansion, name: string): string {
  const found = work.lookup(name);
  if (found === undefined) work.missing.push(name);
  return found ?? '';
}
