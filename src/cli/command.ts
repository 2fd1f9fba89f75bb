// What every terminal command is made of: a summary, its help, its flags, and where its document goes.
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { Fault, messageOf } from '../fault.ts';
import type { ExitCode } from '../exit-code.ts';
import type { World } from '../world/world.ts';

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

/** Parses a command's arguments; an unknown flag is a Fault `usage` that shows the help. */
export function parseFlags(args: readonly string[], options: ParseArgsOptionsConfig, help: string): Flags {
  const { values, positionals } = parseOrExplain(args, options, help);
  const texts = (name: string): readonly string[] => {
    const value = values[name];
    return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
  };
  return {
    text: (name) => texts(name).at(-1),
    required: (name) => {
      const value = texts(name).at(-1);
      if (value !== undefined) return value;
      throw new Fault('usage', `--${name} is missing`, { expected: `--${name} and its value`, cure: help });
    },
    list: (name) => texts(name).flatMap((value) => value.split(',').filter((item) => item !== '')),
    texts,
    on: (name) => values[name] === true,
    rest: positionals,
  };
}

/** Text of a file, or of standard input for `-`. Throws Fault `document` when there is none. */
export async function readInput(world: World, path: string): Promise<string> {
  const text = path === '-' ? await readStandardInput() : await world.files.readText(path);
  if (text !== undefined) return text;
  throw new Fault('document', `there is no file ${path}`, { where: path, cure: 'name the file the verb before wrote' });
}

/** Writes a document to the file given, or to standard output. */
export async function writeOutput(world: World, text: string, path: string | undefined): Promise<void> {
  if (path === undefined) process.stdout.write(text);
  else await world.files.writeAtomic(path, text);
}

async function readStandardInput(): Promise<string> {
  const chunks: Uint8Array[] = [];
  const arriving: AsyncIterable<Uint8Array> = process.stdin;
  for await (const chunk of arriving) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parseOrExplain(
  args: readonly string[],
  options: ParseArgsOptionsConfig,
  help: string,
): { values: Record<string, unknown>; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new Fault('usage', messageOf(cause), { cause, cure: help });
  }
}
