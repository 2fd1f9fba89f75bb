// From a misfit that the schema found to words: what was expected, what stands there, and how to write it.
import { stringify } from 'yaml';
import type * as z from 'zod';
import type { Complaint } from './complain.ts';
import type { YamlPath } from './yaml-finder.ts';

export interface Misfit {
  readonly issue: z.core.$ZodIssue;
  /** From the top of the file. */
  readonly path: YamlPath;
  /** The whole file's value. */
  readonly value: unknown;
  readonly file: string;
  /** A right value for a path, as far as one is known. */
  readonly exampleAt: (path: YamlPath) => unknown;
}

/** Words for one misfit. */
export function describeMisfit(misfit: Misfit): Complaint {
  const { issue, path, value, file, exampleAt } = misfit;
  const expected = expectation(issue);
  if (issue.code === 'invalid_key') return badName(path, expected);
  const found = valueAt(value, path);
  if (found === undefined && path.length > 0) return missing(path, expected, exampleAt(path));
  const what = path.length === 0 ? file : `the value of ${path.join('.')}`;
  const example = exampleLine(path, exampleAt);
  return {
    message: `${what} can not be used`,
    expected,
    got: shown(found),
    cure: example === undefined ? `write ${expected}` : `write it like this: ${example}`,
  };
}

function badName(path: YamlPath, expected: string): Complaint {
  const name = String(path.at(-1) ?? '');
  const where = path.slice(0, -1).join('.');
  return { message: `${name} can not be a name in ${where}`, expected, got: name, cure: 'give it another name' };
}

function missing(path: YamlPath, expected: string, example: unknown): Complaint {
  const name = path.join('.');
  const where = path.length === 1 ? 'add this line' : `add this under ${path.slice(0, -1).join('.')}`;
  const line = `${String(path.at(-1))}: ${example === undefined ? '…' : showYaml(example)}`;
  return { message: `${name} is missing`, expected, got: 'nothing', cure: `${where}: ${line}` };
}

/** `soak: 5m`; for an item of a list the whole list. */
function exampleLine(path: YamlPath, exampleAt: Misfit['exampleAt']): string | undefined {
  const last = path.findLastIndex((step) => typeof step === 'string');
  const example = last === -1 ? undefined : exampleAt(path.slice(0, last + 1));
  return example === undefined ? undefined : `${String(path[last])}: ${showYaml(example)}`;
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a map',
  record: 'a map',
  string: 'a text',
};

function expectation(issue: z.core.$ZodIssue): string {
  // The schema says itself what it wants where the kind alone would not help.
  if (issue.message.startsWith('expected ')) return issue.message.slice('expected '.length);
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? `a ${issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return atLeast(issue.origin, Number(issue.minimum));
    case 'too_big':
      return `a number of at most ${Number(issue.maximum)}`;
    case 'invalid_key':
      return issue.issues[0] === undefined ? 'another name' : expectation(issue.issues[0]);
    case 'invalid_union':
      return unionOf(issue.errors);
    default:
      return 'a value of another form';
  }
}

function atLeast(origin: string, minimum: number): string {
  if (origin === 'string') return 'a text that is not empty';
  if (origin === 'array') return `a list of at least ${minimum} ${minimum === 1 ? 'item' : 'items'}`;
  return `a number of at least ${minimum}`;
}

/** What each branch of a choice wanted at the place itself; where a branch fits there, the misfit lies deeper in it. */
function unionOf(branches: readonly (readonly z.core.$ZodIssue[])[]): string {
  const here = branches.flatMap((issues) => issues.filter(({ path }) => path.length === 0).map(expectation));
  return here.length === 0 ? 'a value of another form' : [...new Set(here)].join(' or ');
}

function valueAt(value: unknown, path: YamlPath): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.getOwnPropertyDescriptor(found, step)?.value;
  }
  return found;
}

function shown(value: unknown): string {
  return value === undefined || value === null ? 'nothing' : showYaml(value);
}

/** As it would be written in one line of YAML. */
function showYaml(value: unknown): string {
  const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
  return text.replaceAll(/\[ | \]/g, (bracket) => bracket.trim()).replaceAll(/\{ *\}/g, '{}');
}
