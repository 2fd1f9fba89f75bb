// Every line of a Dockerfile that Docker's parser would refuse, told without stopping at the first.
import { argumentText, placeAt, type Instruction, type Place, type Word } from './dockerfile-instruction.ts';

export interface Problem extends Place {
  readonly kind:
    | 'not-a-dockerfile'
    | 'unread'
    | 'no-stage'
    | 'too-large'
    | 'before-from'
    | 'unknown-instruction'
    | 'broken-continuation'
    | 'wrong-arguments'
    | 'unknown-flag'
    | 'open-quote'
    | 'open-heredoc';
  readonly message: string;
  readonly expected?: string;
  readonly got?: string;
  /** For a broken continuation: the last line of the instruction that should have gone on. */
  readonly previousLine?: number;
}

export interface Text {
  readonly lines: readonly string[];
  readonly escape: string;
}

const FLAGS: Readonly<Record<string, readonly string[]>> = {
  ADD: ['chown', 'chmod', 'link', 'keep-git-dir', 'checksum', 'exclude', 'unpack', 'parents'],
  COPY: ['from', 'chown', 'chmod', 'link', 'parents', 'exclude'],
  FROM: ['platform'],
  HEALTHCHECK: ['interval', 'timeout', 'start-period', 'start-interval', 'retries'],
  RUN: ['mount', 'network', 'security', 'device'],
};

const KEYWORDS: ReadonlySet<string> = new Set([
  ...['ADD', 'ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL', 'MAINTAINER'],
  ...['ONBUILD', 'RUN', 'SHELL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'],
]);

/** The problems of a file in the order of its lines; those of the whole file first. */
export function findProblems(instructions: readonly Instruction[], text: Text): readonly Problem[] {
  const known = instructions.filter(({ keyword }) => KEYWORDS.has(keyword));
  if (instructions.length > 0 && known.length === 0) {
    const message = 'no line of this file begins with a Dockerfile instruction';
    return [{ kind: 'not-a-dockerfile', line: 1, endLine: 1, column: 1, message }];
  }
  const problems = instructions.flatMap((instruction, index) => problemsOf(instruction, instructions[index - 1], text));
  if (instructions.some(({ keyword }) => keyword === 'FROM')) return problems;
  const message = 'there is no FROM, so there is nothing to build';
  return [{ kind: 'no-stage', line: 1, endLine: 1, column: 1, message }, ...problems];
}

function problemsOf(instruction: Instruction, previous: Instruction | undefined, text: Text): readonly Problem[] {
  const { keyword, stage } = instruction;
  if (!KEYWORDS.has(keyword)) return [unknownInstruction(instruction, previous)];
  const found: Problem[] = [];
  if (stage === undefined && keyword !== 'ARG') {
    found.push({ ...placeOf(instruction), kind: 'before-from', message: `${keyword} stands before the first FROM` });
  }
  const mistake = openQuote(instruction, text.escape) ?? unknownFlag(instruction) ?? wrongArguments(instruction);
  if (mistake !== undefined) found.push(mistake);
  const open = instruction.heredocs.find((heredoc) => heredoc.endLine > instruction.endLine);
  if (open !== undefined && text.lines.length <= open.endLine) {
    const message = `the heredoc ${open.name} is never closed`;
    found.push({ ...placeOf(instruction), kind: 'open-heredoc', message });
  }
  return found;
}

function unknownInstruction(instruction: Instruction, previous: Instruction | undefined): Problem {
  const { line, raw } = instruction;
  const first = raw.split('\n')[0] ?? '';
  const word = first.split(/\s/)[0] ?? '';
  const goesOn = previous?.endLine === line - 1 && continues(previous.keyword, first);
  if (!goesOn) {
    const message = `${word.slice(0, 60)} is not a Dockerfile instruction`;
    return { ...placeOf(instruction), kind: 'unknown-instruction', message };
  }
  const message = `line ${line - 1} does not end with a \\, so this line of ${previous.keyword} is read as an instruction`;
  return { ...placeOf(instruction), kind: 'broken-continuation', message, previousLine: line - 1 };
}

function continues(keyword: string, row: string): boolean {
  if (keyword === 'ENV' || keyword === 'LABEL' || keyword === 'ARG') return /^[\w.-]+=/.test(row);
  return keyword === 'RUN' && /^(&&|\|\||\||;|-|[a-z])/.test(row);
}

function wrongArguments(instruction: Instruction): Problem | undefined {
  const { keyword, words, json } = instruction;
  const count = json?.length ?? words.length;
  const wrong = (message: string, word?: Word): Problem => ({
    ...(word === undefined ? placeOf(instruction) : wordPlace(instruction, word)),
    kind: 'wrong-arguments',
    message,
  });
  switch (keyword) {
    case 'CMD':
    case 'ENTRYPOINT':
      return undefined;
    case 'FROM':
      if (count === 1 || (count === 3 && words[1]?.raw.toLowerCase() === 'as')) return undefined;
      return wrong('FROM takes an image, or an image AS a name');
    case 'COPY':
    case 'ADD':
      return count < 2 ? wrong(`${keyword} needs a source and a destination`) : undefined;
    case 'HEALTHCHECK':
      return healthFault(instruction, wrong);
    case 'ENV':
    case 'LABEL':
      return pairFault(instruction, wrong);
    default:
      return argumentText(instruction) === '' && count === 0 ? wrong(`${keyword} has no argument`) : undefined;
  }
}

type Wrong = (message: string, word?: Word) => Problem;

function healthFault(instruction: Instruction, wrong: Wrong): Problem | undefined {
  const [type, next] = instruction.words;
  const kind = type?.raw.toUpperCase();
  if (kind !== 'CMD' && kind !== 'NONE') return wrong('HEALTHCHECK needs CMD before its command, or NONE', type);
  if (kind === 'CMD' && next === undefined) return wrong('HEALTHCHECK CMD has no command', type);
  const timed = instruction.flags.find(
    ({ name, value }) => name !== 'retries' && !/^0$|^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value ?? ''),
  );
  return timed === undefined || timed.value?.includes('$') === true
    ? undefined
    : wrong(`--${timed.name} is no duration: write it with its unit, 5s`);
}

/** Shell operators among the pairs are another finding, with another cure. */
const OPERATOR = /^(\|\||&&|\||;|\d?>{1,2}|\d?>&\d|\d?>\/dev\/null|<)$/;

/** From the first `NAME=value` on, every word must be one; `NAME text` is the old form. */
function pairFault({ keyword, words }: Instruction, wrong: Wrong): Problem | undefined {
  const [first, second] = words;
  if (first === undefined) return wrong(`${keyword} has no argument`);
  if (!first.raw.includes('='))
    return second === undefined ? wrong(`${keyword} ${first.raw} has no value: write ${first.raw}=value`) : undefined;
  const beforeOperator = words.findIndex(({ raw }) => OPERATOR.test(raw));
  const pairs = beforeOperator < 0 ? words : words.slice(0, beforeOperator);
  const bad = pairs.find(({ raw }) => !raw.includes('='));
  return bad === undefined ? undefined : wrong(`${keyword} can't be read: ${bad.raw.slice(0, 60)} has no =`, bad);
}

function unknownFlag(instruction: Instruction): Problem | undefined {
  const known = FLAGS[instruction.keyword];
  const stranger = known === undefined ? undefined : instruction.flags.find(({ name }) => !known.includes(name));
  if (known === undefined || stranger === undefined) return undefined;
  const message = `${instruction.keyword} has no flag --${stranger.name}; it has ${known.map((name) => `--${name}`).join(', ')}`;
  return { ...placeOf(instruction), kind: 'unknown-flag', message };
}

const WITH_QUOTES = new Set(['ENV', 'LABEL', 'ARG', 'FROM', 'WORKDIR', 'USER', 'EXPOSE', 'COPY', 'ADD']);

/** A quote or a `${` that is never closed; RUN, CMD and the like leave both to the shell. */
function openQuote(instruction: Instruction, escape: string): Problem | undefined {
  if (!WITH_QUOTES.has(instruction.keyword) || instruction.json !== undefined || instruction.heredocs.length > 0)
    return undefined;
  for (const word of instruction.words) {
    const open = openIn(word.raw, escape);
    if (open !== undefined)
      return {
        ...wordPlace(instruction, word),
        kind: 'open-quote',
        message: `${open} is never closed in ${word.raw.slice(0, 60)}`,
      };
  }
  return undefined;
}

function openIn(text: string, escape: string): string | undefined {
  let quote = '';
  let braces = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === escape && quote !== "'") at += 1;
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
    else if (quote !== "'" && char === '$' && text.charAt(at + 1) === '{') braces += 1;
    else if (char === '}' && braces > 0) braces -= 1;
  }
  if (quote !== '') return quote;
  return braces > 0 ? '${' : undefined;
}

function placeOf({ line, endLine, column }: Place): Place {
  return { line, endLine, column };
}

function wordPlace(instruction: Instruction, word: Word): Place {
  const place = placeAt(instruction, word.offset);
  return { ...place, endLine: place.line };
}
