// RA501 and RA502: what COPY takes is in the build context when the builder looks for it.
import { posix } from 'node:path';
import type { Copy } from '../../images/dockerfile-facts.ts';
import { placeAt, type Instruction, type Word } from '../../images/dockerfile-instruction.ts';
import { remember } from '../remember.ts';
import { LONGEST_PATTERN } from '../../images/ignore.ts';
import { at, type ImageRule, type Sighting } from '../rule.ts';
import { copiesFor, stepsOf, type Step } from '../steps.ts';
import type { ImageSubject } from '../subject.ts';

export const RA501: ImageRule = {
  id: 'RA501',
  title: 'COPY sources exist in the context',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'Every path that COPY and ADD take from the build context is there.',
    why: 'Paths are looked up in the context, not beside the Dockerfile. A file that is missing there stops the build.',
    bad: '# built with: docker build -f services/api/Dockerfile .\nCOPY requirements.lock /build/',
    good: 'COPY services/api/requirements.lock /build/',
  },
  check: (image) => stepsOf(image).flatMap((step) => missingSources(image, step)),
};

export const RA502: ImageRule = {
  id: 'RA502',
  title: 'COPY sources are not ignored',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves:
      'No path that COPY takes is kept out of the context by .dockerignore, and every pattern there is one Docker can read.',
    why: 'An ignored file never reaches the builder: COPY says "not found" about a file that everyone can see. The last pattern that matches wins.',
    bad: '# .dockerignore\n*\n\n# Dockerfile\nCOPY config.json /app/',
    good: '# .dockerignore\n*\n!config.json',
  },
  check: (image) => [...badPatterns(image), ...stepsOf(image).flatMap((step) => ignoredSources(image, step))],
};

interface Source {
  readonly path: string;
  readonly instruction: Instruction;
  /** The machine for which the path holds, when it names one. */
  readonly machine: string | undefined;
}

/** Paths that a step takes from the context; those whose variables are not known are left out. */
export function contextSources(image: ImageSubject, step: Step): readonly Source[] {
  const { copy, instruction, stage } = step;
  if (copy === undefined || copy.from !== undefined) return [];
  if (!copy.missing.includes('MACHINE')) return sourcesOf(copy, instruction, undefined);
  return image.machines.flatMap((machine) => {
    const filled = copiesFor(image, stage, machine).get(instruction);
    return filled === undefined ? [] : sourcesOf(filled, instruction, machine);
  });
}

function sourcesOf(copy: Copy, instruction: Instruction, machine: string | undefined): readonly Source[] {
  if (copy.missing.length > 0 || [...copy.sources, copy.destination].some((word) => SHELL_WORD.test(word))) return [];
  const isRemote = (path: string): boolean =>
    instruction.keyword === 'ADD' && /^(https?:\/\/|git@|git:\/\/)|\.git(#|$)/.test(path);
  return copy.sources
    .filter((path) => !isRemote(path) && !/[{}<>]/.test(path))
    .map((path) => ({ path: inContext(path), instruction, machine }));
}

/** What RA103 speaks of; the words around it are no paths either. */
const SHELL_WORD = /^(\|\||&&|\||;|\d?>.*|<)$/;

function inContext(path: string): string {
  const cleaned = posix.normalize(`/${path}`).slice(1).replace(/\/$/, '');
  return cleaned === '' ? '.' : cleaned;
}

function missingSources(image: ImageSubject, step: Step): readonly Sighting[] {
  const { context } = image;
  return contextSources(image, step).flatMap((source) => {
    const { path, instruction, machine } = source;
    if (path === '.' || context.kind(path) !== undefined || context.behindEntry(path)) return [];
    const isPattern = /[*?[]/.test(path);
    // A pattern without a match copies nothing and goes on.
    if (isPattern) return [];
    if (context.bareFolder(path)) return [bareFolder(image, source)];
    const elsewhere = otherContexts(image, path);
    // Nobody said which context is meant, and one fits.
    if (context.inferred && elsewhere.length > 0) return [];
    const whole = posix.join(context.path, path);
    const forMachine = machine === undefined ? '' : ` (for machine ${machine})`;
    return [
      {
        ...sourcePlace(instruction, path),
        message: `${path} is not in the build context ${context.path}${forMachine}`,
        expected: `a file or folder ${whole}`,
        got:
          elsewhere.length === 0
            ? 'found in no possible context'
            : `found in the context ${elsewhere.join(' and in ')}`,
        cure: cureFor(image, path, elsewhere),
        ...fixFor(image, source, elsewhere),
      },
    ];
  });
}

function bareFolder(image: ImageSubject, { path, instruction }: Source): Sighting {
  return {
    ...sourcePlace(instruction, path),
    message: `${path} is a folder without a file that git keeps, so a checkout does not have it`,
    expected: `a file below ${posix.join(image.context.path, path)} that git does not ignore`,
    got: 'an empty folder, or ignored files only',
    cure: 'add a file to it that git keeps (.gitkeep for one), or take it out of COPY',
  };
}

/** Other contexts a build of this Dockerfile could use, in which the path exists: its folder and all above. */
function otherContexts(image: ImageSubject, path: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = posix.dirname(image.file); ; folder = posix.dirname(folder)) {
    folders.push(folder);
    if (folder === '.' || folder === '/') break;
  }
  return folders.filter((folder) => folder !== image.context.path && image.inRepository(posix.join(folder, path)));
}

function cureFor(image: ImageSubject, path: string, elsewhere: readonly string[]): string {
  const [folder] = elsewhere;
  if (folder === undefined) return 'write the path as it is from the root of the context, or add the file';
  const fromContext = posix.relative(image.context.path, posix.join(folder, path));
  return fromContext.startsWith('..') ? `build with the context ${folder}` : `write COPY ${fromContext} …`;
}

function fixFor(
  image: ImageSubject,
  { path, instruction, machine }: Source,
  elsewhere: readonly string[],
): Pick<Sighting, 'fix'> {
  const [folder, second] = elsewhere;
  if (folder === undefined || second !== undefined || machine !== undefined) return {};
  const fromContext = posix.relative(image.context.path, posix.join(folder, path));
  const { line, column } = sourcePlace(instruction, path);
  const row = image.dockerfile.lines[line - 1] ?? '';
  const before = row.slice(0, column - 1);
  const written = /^(?:\.?\/)*/.exec(row.slice(column - 1))?.[0] ?? '';
  if (fromContext.startsWith('..') || !row.startsWith(path, before.length + written.length)) return {};
  const after = row.slice(before.length + written.length + path.length);
  return { fix: { line, endLine: line, replacement: `${before}${fromContext}${after}` } };
}

function sourcePlace(instruction: Instruction, path: string): { line: number; endLine: number; column: number } {
  const word = wordsByPath(instruction).get(path);
  if (word === undefined) return at(instruction);
  const place = placeAt(instruction, word.offset);
  return { ...place, endLine: place.line };
}

/** The words of a COPY by the path they mean, the first one of each. */
const wordsByPath = remember((instruction: Instruction): ReadonlyMap<string, Word> => {
  const pairs = instruction.words.map((word): [string, Word] => [
    word.raw
      .replaceAll(/["',[\]]/g, '')
      .replace(/^(\.?\/)+/, '')
      .replace(/\/$/, ''),
    word,
  ]);
  return new Map(pairs.toReversed());
});

function badPatterns(image: ImageSubject): readonly Sighting[] {
  const { ignoreFile, ignorePatterns, ignoreRefused } = image.context;
  if (ignoreFile === undefined) return [];
  if (ignoreRefused !== undefined) {
    const { expected, got } = ignoreRefused;
    const place = { file: ignoreFile, line: 1, endLine: 1, column: 1 };
    const cure = 'put a plain file of a readable size there; until then no file counts as ignored';
    return [{ ...place, message: `it is not read: ${got}`, expected, got, cure }];
  }
  return ignorePatterns
    .filter(({ matches }) => matches === undefined)
    .map(({ line, pattern, exception }) => ({
      ...{ file: ignoreFile, line, endLine: line, column: 1, got: pattern },
      ...(pattern.length > LONGEST_PATTERN
        ? { message: `the pattern is longer than any path (${LONGEST_PATTERN} characters)`, cure: 'shorten it' }
        : {
            message: `Docker can not read the pattern ${exception ? '!' : ''}${pattern}`,
            cure: 'close the bracket, or write the path after the !',
          }),
    }));
}

function ignoredSources(image: ImageSubject, step: Step): readonly Sighting[] {
  const { context } = image;
  const { ignoreFile } = context;
  if (ignoreFile === undefined) return [];
  return contextSources(image, step).flatMap((source) => {
    const hidden = hiddenPart(image, source.path);
    if (hidden === undefined) return [];
    const rule = lastMatch(image, hidden);
    return [
      {
        ...sourcePlace(source.instruction, source.path),
        message: `${source.path} is kept out of the context by ${ignoreFile}${rule}`,
        expected: `${source.path} in the context`,
        cure: `add !${source.path} below that pattern`,
      },
    ];
  });
}

/** The ignored path that leaves COPY with nothing; undefined when something of the source arrives. */
function hiddenPart(image: ImageSubject, path: string): string | undefined {
  const { context } = image;
  if (path === '.') return undefined;
  const matches = /[*?[]/.test(path) ? context.glob(path) : [path];
  const present = matches.filter((match) => context.kind(match) !== undefined);
  const [first] = present;
  if (first === undefined) return undefined;
  const arrives = present.some((match) => {
    if (!context.ignored(match)) return context.kind(match) === 'file' || arrivesFrom(image, match);
    return context.kind(match) === 'folder' && context.filesBelow(match).some((file) => !context.ignored(file));
  });
  return arrives ? undefined : first;
}

/** An empty folder arrives as one; a folder whose files are all ignored does not count. */
function arrivesFrom(image: ImageSubject, folder: string): boolean {
  const files = image.context.filesBelow(folder);
  return files.length === 0 || files.some((file) => !image.context.ignored(file));
}

function lastMatch(image: ImageSubject, path: string): string {
  const above = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  const match = image.context.ignorePatterns.findLast(
    ({ exception, matches }) => !exception && above.some((each) => matches?.(each) === true),
  );
  return match === undefined ? '' : `:${match.line} (${match.pattern})`;
}
