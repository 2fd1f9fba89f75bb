// What every terminal command is made of: a summary, its help, its flags, and where its document goes.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import type { ExitCode } from '../exit-code.ts';
import { descriptorOf, writeThrough } from '../world/pipe.ts';
import { print } from '../world/terminal.ts';
import type { World } from '../world/world.ts';
import {
  missingFlag,
  outOfRange,
  strayWord,
  unknownChoice,
  unknownFlag,
  withoutValue,
  withValue,
  type Usage,
} from './usage.ts';

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole help: usage line, flags, examples. */
  readonly help: string;
  run(args: readonly string[], world: World): Promise<ExitCode>;
}

export interface Flags {
  /** The flag's value, or undefined when it was not given. */
  text(name: string): string | undefined;
  /** As text, but a missing flag is a Fault `usage`. */
  required(name: string): string;
  /** Every value of a flag that may be repeated, comma-separated lists taken apart; one that names nothing is a Fault `usage`. */
  list(name: string): readonly string[];
  /** Every value of a flag that may be repeated, commas left as they are. */
  texts(name: string): readonly string[];
  /** One of the words that are known, the first where the flag was not given; another one is a Fault `usage`. */
  choice<W extends string>(name: string, known: readonly [W, ...W[]]): W;
  /** Whole, in digits, within the range; undefined when the flag was not given. */
  number(name: string, range: { readonly least: number; readonly most: number }): number | undefined;
  on(name: string): boolean;
  readonly rest: readonly string[];
}

/**
 * Parses a command's arguments; `words` names what may stand there without a flag. Anything else, an unknown flag, or a
 * missing or empty value is a Fault `usage` that names it and the nearest flag.
 */
export function parseFlags(
  args: readonly string[],
  options: ParseArgsOptionsConfig,
  help: string,
  words: readonly string[] = [],
): Flags {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) if (token.kind === 'option') check(token, args, { options, help });
  const stray = positionals[words.length];
  if (stray !== undefined) strayWord(stray, { options, help });
  return flagsOver(values, positionals, { options, help });
}

function flagsOver(values: Readonly<Record<string, unknown>>, rest: readonly string[], usage: Usage): Flags {
  const texts = (name: string): readonly string[] => {
    const value = values[name];
    return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
  };
  const text = (name: string): string | undefined => texts(name).at(-1);
  return {
    text,
    required: (name) => text(name) ?? missingFlag(name, usage),
    list: (name) => texts(name).flatMap((value) => itemsOf(value) ?? withoutValue(name, value, usage)),
    texts,
    choice: (name, known) => {
      const written = text(name) ?? known[0];
      return known.find((word) => word === written) ?? unknownChoice(name, written, { known, usage });
    },
    number: (name, range) => {
      const written = text(name);
      if (written === undefined) return undefined;
      const number = /^\d+$/.test(written) ? Number(written) : Number.NaN;
      return number >= range.least && number <= range.most ? number : outOfRange(name, written, { range, usage });
    },
    on: (name) => values[name] === true,
    rest,
  };
}

/** undefined where nothing is named: an empty list means everything to most commands. */
function itemsOf(value: string): readonly string[] | undefined {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  return items.length === 0 ? undefined : items;
}

/** Writes a document to the file given, or to standard output, and resolves when it was taken. */
export async function writeOutput(world: World, text: string, path: string | undefined): Promise<void> {
  if (path === undefined || path === '-' || path === '/dev/stdout' || descriptorOf(path) === STANDARD_OUTPUT) {
    await print(text);
  } else if (/^\/(?:dev|proc)\//.test(path)) {
    await writeThrough(path, text);
  } else {
    await world.files.writeAtomic(path, text);
  }
}

const STANDARD_OUTPUT = 1;

interface FlagToken {
  readonly index: number;
  readonly name: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function check({ index, name, value, inlineValue }: FlagToken, args: readonly string[], usage: Usage): void {
  const option = Object.hasOwn(usage.options, name) ? usage.options[name] : undefined;
  if (option === undefined) unknownFlag(args[index] ?? name, usage);
  if (option.type === 'boolean' && value !== undefined) withValue(name, value);
  if (option.type === 'boolean') return;
  // A lone dash is standard input, and what follows = is meant as it is.
  const isFlag = inlineValue !== true && value !== undefined && /^-./.test(value);
  if (value === undefined || value === '' || isFlag) withoutValue(name, value, usage);
}
