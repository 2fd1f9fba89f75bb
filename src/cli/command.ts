// What every terminal command is made of: a summary, its help, its flags, and where its document goes.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import type { ExitCode } from '../exit-code.ts';
import { descriptorOf, writeThrough } from '../world/pipe.ts';
import { print } from '../world/terminal.ts';
import type { World } from '../world/world.ts';
import { missingFlag, strayWord, unknownFlag, withoutValue, withValue, type Usage } from './usage.ts';

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
  /** Every value of a flag that may be repeated, comma-separated lists taken apart. */
  list(name: string): readonly string[];
  /** Every value of a flag that may be repeated, commas left as they are. */
  texts(name: string): readonly string[];
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
  if (stray !== undefined) throw strayWord(stray, { options, help });
  const texts = (name: string): readonly string[] => {
    const value = values[name];
    return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
  };
  return {
    text: (name) => texts(name).at(-1),
    required: (name) => {
      const value = texts(name).at(-1);
      if (value !== undefined) return value;
      throw missingFlag(name, help);
    },
    list: (name) => texts(name).flatMap((value) => value.split(',').filter((item) => item !== '')),
    texts,
    on: (name) => values[name] === true,
    rest: positionals,
  };
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
  if (option === undefined) throw unknownFlag(args[index] ?? name, usage);
  if (option.type === 'boolean' && value !== undefined) throw withValue(name, value);
  if (option.type === 'boolean') return;
  // A lone dash is standard input, and what follows = is meant as it is.
  const isFlag = inlineValue !== true && value !== undefined && /^-./.test(value);
  if (value === undefined || value === '' || isFlag) throw withoutValue(name, value, usage);
}
