// What is wrong with a command line, each thrown as one fault with one cure: the flag that was probably meant, or where the flags are told.
import { basename } from 'node:path';
import type { ParseArgsOptionsConfig } from 'node:util';
import { didYouMean } from '../config/nearest.ts';
import { writerOf } from '../documents/document.ts';
import { Fault } from '../fault.ts';

/** A command's flags and its help, which begins with `usage: rollout VERB`. */
export interface Usage {
  readonly options: ParseArgsOptionsConfig;
  readonly help: string;
}

/** The cure where no better one is known. */
export function seeHelp(help: string): string {
  return `rollout ${verbOf(help)} --help tells the flags`;
}

/** A flag that the command does not have, as it was written. */
export function unknownFlag(written: string, { options, help }: Usage): never {
  const flag = written.split('=')[0] ?? written;
  const near = didYouMean(flag.replace(/^-+/, ''), Object.keys(options));
  throw new Fault('usage', `rollout ${verbOf(help)} has no flag ${flag}`, {
    expected: flagsOf(options),
    found: written,
    cure: near === undefined ? seeHelp(help) : `did you mean --${near}?`,
  });
}

/** A word where no word is expected: most often a file without its flag, or a flag without its dashes. */
export function strayWord(word: string, { options, help }: Usage): never {
  const stem = basename(word).split('.')[0] ?? word;
  const near = didYouMean(stem, Object.keys(options)) ?? Object.keys(options).find((flag) => stem.startsWith(flag));
  // With a point or a slash it is a file, else the name of a flag.
  const meant = stem === word ? `--${near}` : `--${near} ${word}`;
  throw new Fault('usage', `rollout ${verbOf(help)} does not know what to do with ${word}`, {
    expected: flagsOf(options),
    found: word,
    cure: near === undefined ? seeHelp(help) : `did you mean ${meant}?`,
  });
}

/** A flag that needs a value and got none, an empty one, or what looks like the next flag. */
export function withoutValue(flag: string, found: string | undefined, { help }: Usage): never {
  const isFlag = found?.startsWith('-') === true;
  const given =
    found === undefined ? 'nothing' : isFlag ? `${found}, which looks like a flag` : `"${found}", which names nothing`;
  throw new Fault('usage', `--${flag} needs a value`, {
    expected: `--${flag} VALUE`,
    found: given,
    cure: isFlag ? `--${flag}=${found} where that is the value` : seeHelp(help),
  });
}

/** A flag that is on or off and got a value. */
export function withValue(flag: string, value: string): never {
  throw new Fault('usage', `--${flag} takes no value`, {
    expected: `--${flag}`,
    found: `--${flag}=${value}`,
    cure: `write --${flag} to turn it on, leave it out for off`,
  });
}

/** A word that is none of those a flag takes. */
export function unknownChoice(
  flag: string,
  written: string,
  { known, usage }: { readonly known: readonly string[]; readonly usage: Usage },
): never {
  const near = didYouMean(written, known);
  throw new Fault('usage', `--${flag} ${written} is not known`, {
    expected: known.join(', '),
    found: written,
    cure: near === undefined ? seeHelp(usage.help) : `did you mean --${flag} ${near}?`,
  });
}

interface Bounds {
  readonly range: { readonly least: number; readonly most: number };
  readonly usage: Usage;
}

/** No whole number, or one that is too small or too large. */
export function outOfRange(flag: string, written: string, { range, usage }: Bounds): never {
  throw new Fault('usage', `--${flag} ${written} can not be taken`, {
    expected: `${range.least} to ${range.most}, in digits`,
    found: written,
    cure: seeHelp(usage.help),
  });
}

/** A flag that must be given, with the command that writes what it names. */
export function missingFlag(flag: string, { help }: Usage): never {
  const writer = writerOf(`rollout/${flag}`);
  throw new Fault('usage', `--${flag} is missing`, {
    expected: `--${flag} and its value`,
    cure: writer === undefined ? seeHelp(help) : `name the document that this writes: ${writer}`,
  });
}

function verbOf(help: string): string {
  return /^usage: rollout (\S+)/.exec(help)?.[1] ?? '';
}

function flagsOf(options: ParseArgsOptionsConfig): string {
  const flags = Object.keys(options).map((name) => `--${name}`);
  return flags.length === 0 ? 'no flags' : flags.join(', ');
}
