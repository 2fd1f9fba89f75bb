// A Dockerfile as a model: instructions with their places, stages, and every line that can't be read.
import { DockerfileParser, type Instruction as Token } from 'dockerfile-ast';
import { MOST_BYTES } from './build-file.ts';
import { flagValue, readInstruction, type Instruction, type Place } from './dockerfile-instruction.ts';
import { findProblems, type Problem } from './dockerfile-problems.ts';

export interface Stage extends Place {
  readonly index: number;
  /** As written after AS. */
  readonly name: string | undefined;
  /** The image text of FROM as written, variables included; '' when FROM has none. */
  readonly from: string;
  readonly platform: string | undefined;
  /** FROM first. */
  readonly instructions: readonly Instruction[];
}

export interface Comment extends Place {
  /** Without the `#`. */
  readonly text: string;
}

export interface Dockerfile {
  readonly lines: readonly string[];
  readonly instructions: readonly Instruction[];
  readonly stages: readonly Stage[];
  /** ARG instructions before the first FROM. */
  readonly globalArguments: readonly Instruction[];
  readonly comments: readonly Comment[];
  readonly problems: readonly Problem[];
  readonly escape: string;
}

/** More than can be built: an image has at most 127 layers. What lies beyond is not read, and a problem says so. */
const MAX_STAGES = 500;
const MAX_INSTRUCTIONS = 3_000;
/** Of one instruction with its heredocs; Linux takes no longer command line than 128 kB. */
const MAX_INSTRUCTION_CHARACTERS = 64_000;
const MAX_CHARACTERS = MOST_BYTES;

/** The tokenizer reads the flags of a line again for each of them. */
const MAX_LINE_CHARACTERS = 2 * MAX_INSTRUCTION_CHARACTERS;
/** The tokenizer looks at every comment once per stage; 500 stages with 4000 comments are read. */
const MAX_STAGES_TIMES_COMMENTS = 2_000_000;

/** Reads a Dockerfile; never throws. What can't be read becomes a problem and the rest is still read. */
export function parseDockerfile(text: string): Dockerfile {
  const refused = notADockerfile(text);
  if (refused !== undefined) return { ...emptyDockerfile(text), problems: [refused] };
  const { parsed, escape } = tokenize(text);
  const lines = text.split(/\r?\n/);
  const { instructions, beyond } = readAll(parsed.getInstructions(), lines, escape);
  const comments = [...parsed.getDirectives(), ...parsed.getComments()].map((comment) =>
    readComment(comment.getRange(), lines),
  );
  return {
    lines,
    instructions,
    stages: readStages(instructions),
    globalArguments: instructions.filter(({ stage, keyword }) => stage === undefined && keyword === 'ARG'),
    comments,
    problems: [...findProblems(instructions, { lines, escape }), ...(beyond === undefined ? [] : [beyond])],
    escape,
  };
}

/** A Dockerfile for a path that is there and is not read: one problem says why. */
export function unreadDockerfile({ expected, got }: { readonly expected: string; readonly got: string }): Dockerfile {
  const whole = { kind: 'unread', line: 1, endLine: 1, column: 1 } as const;
  const message = `it is not read: ${got}`;
  return { ...emptyDockerfile(''), problems: [{ ...whole, message, expected, got }] };
}

/** The stage that a build without --target makes. */
export function finalStage(dockerfile: Dockerfile): Stage | undefined {
  return dockerfile.stages.at(-1);
}

/** The stage a name or number means when it is written in stage `before`; only earlier stages can be meant. */
export function stageNamed(dockerfile: Dockerfile, name: string, before: number): Stage | undefined {
  const wanted = name.toLowerCase();
  for (let index = Math.min(before, dockerfile.stages.length) - 1; index >= 0; index -= 1) {
    const stage = dockerfile.stages[index];
    if (stage?.name?.length === name.length && stage.name.toLowerCase() === wanted) return stage;
  }
  return /^\d+$/.test(name) && Number(name) < before ? dockerfile.stages[Number(name)] : undefined;
}

/**
 * The tokenizer is shown a text of the same length in which two things are as Docker sees them: a lone carriage return ends no
 * line, and a line that ends in two escape characters does not go on.
 */
function tokenize(text: string): { parsed: ReturnType<typeof DockerfileParser.parse>; escape: string } {
  const unbroken = text.replaceAll(/\r(?!\n)/g, ' ');
  const parsed = DockerfileParser.parse(unbroken);
  const escape = parsed.getEscapeCharacter();
  const doubled = escape === '`' ? /``([ \t]*\r?)$/gm : /\\\\([ \t]*\r?)$/gm;
  const shown = unbroken.replaceAll(doubled, '__$1');
  return { parsed: shown === unbroken ? parsed : DockerfileParser.parse(shown), escape };
}

function emptyDockerfile(text: string): Dockerfile {
  const lines = text.split(/\r?\n/);
  return { lines, instructions: [], stages: [], globalArguments: [], comments: [], problems: [], escape: '\\' };
}

interface Read {
  readonly instructions: readonly Instruction[];
  /** Where the file goes beyond what is read. */
  readonly beyond: Problem | undefined;
}

function readAll(tokens: readonly Token[], lines: readonly string[], escape: string): Read {
  const instructions: Instruction[] = [];
  let stage: number | undefined;
  for (const token of tokens) {
    const { start, end } = token.getRange();
    const keyword = token.getKeyword();
    if (keyword === 'FROM') stage = (stage ?? -1) + 1;
    const source = lines.slice(start.line, end.line + 1);
    const raw = [(source[0] ?? '').slice(start.character), ...source.slice(1)].join('\n');
    const place = { line: start.line + 1, endLine: end.line + 1, column: start.character + 1 };
    const limit = limitOf({ stages: (stage ?? -1) + 1, instructions: instructions.length + 1, characters: raw.length });
    if (limit !== undefined) return { instructions, beyond: { ...place, ...limit } };
    instructions.push(readInstruction({ ...place, keyword, raw, escape, stage }));
  }
  return { instructions, beyond: undefined };
}

type Size = Readonly<Record<'stages' | 'instructions' | 'characters', number>>;

function limitOf({
  stages,
  instructions,
  characters,
}: Size): Pick<Problem, 'kind' | 'message' | 'expected'> | undefined {
  const rest = 'from here on the file is not checked';
  if (characters > MAX_INSTRUCTION_CHARACTERS) {
    const message = `this instruction has ${characters} characters; ${rest}`;
    return { kind: 'too-large', message, expected: `at most ${MAX_INSTRUCTION_CHARACTERS}` };
  }
  if (stages > MAX_STAGES) {
    return { kind: 'too-large', message: `too many stages; ${rest}`, expected: `at most ${MAX_STAGES}` };
  }
  if (instructions <= MAX_INSTRUCTIONS) return undefined;
  return { kind: 'too-large', message: `too many instructions; ${rest}`, expected: `at most ${MAX_INSTRUCTIONS}` };
}

/** What looks like a parser directive (`# name=value` on the first lines) is a comment all the same. */
function readComment({ start, end }: ReturnType<Token['getRange']>, lines: readonly string[]): Comment {
  const place = { line: start.line + 1, endLine: end.line + 1, column: start.character + 1 };
  return { ...place, text: (lines[start.line] ?? '').slice(start.character + 1) };
}

function readStages(instructions: readonly Instruction[]): Stage[] {
  const members = new Map<number, Instruction[]>();
  for (const instruction of instructions) {
    if (instruction.stage === undefined) continue;
    const known = members.get(instruction.stage);
    if (known === undefined) members.set(instruction.stage, [instruction]);
    else known.push(instruction);
  }
  return [...members].map(([index, mine]) => readStage(index, mine));
}

function readStage(index: number, instructions: readonly Instruction[]): Stage {
  const [from] = instructions;
  const last = instructions.at(-1);
  const words = from?.words.map(({ raw }) => raw) ?? [];
  const platform = from === undefined ? undefined : flagValue(from, 'platform');
  return {
    index,
    line: from?.line ?? 1,
    endLine: last?.endLine ?? 1,
    column: from?.column ?? 1,
    name: words[1]?.toLowerCase() === 'as' ? words[2] : undefined,
    from: words[0] ?? '',
    platform,
    instructions,
  };
}

function notADockerfile(text: string): Problem | undefined {
  const whole = { kind: 'not-a-dockerfile', line: 1, endLine: 1, column: 1 } as const;
  if (text.includes('\0')) return { ...whole, message: 'this is a binary file, not a Dockerfile' };
  if (text.length > MAX_CHARACTERS) return { ...whole, message: `this file is over ${MAX_CHARACTERS} characters long` };
  const longest = longestLine(text);
  if (longest > MAX_LINE_CHARACTERS) {
    const message = `this file is not read: a line of it has ${longest} characters with those it goes on in`;
    return { ...whole, kind: 'too-large', message, expected: `at most ${MAX_INSTRUCTION_CHARACTERS}` };
  }
  const [stages, comments] = [countOf(text, /^[ \t]*FROM\b/gim), countOf(text, /^[ \t]*#/gm)];
  if (stages * comments > MAX_STAGES_TIMES_COMMENTS) {
    const message = `this file is not read: it has ${stages} stages and ${comments} comments`;
    return { ...whole, kind: 'too-large', message, expected: `at most ${MAX_STAGES} stages` };
  }
  if (/^\s*\{/.test(text) && isJson(text)) return { ...whole, message: 'this is a JSON document, not a Dockerfile' };
  return undefined;
}

/** Lines that go on at their end are one, whichever escape character the file has. */
function longestLine(text: string): number {
  let [longest, length] = [0, 0];
  for (const row of text.split('\n')) {
    length += row.length;
    longest = Math.max(longest, length);
    if (!/[\\`]$/.test(row.trimEnd())) length = 0;
  }
  return longest;
}

function countOf(text: string, pattern: RegExp): number {
  let count = 0;
  for (const _match of text.matchAll(pattern)) count += 1;
  return count;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
