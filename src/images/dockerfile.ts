// A Dockerfile as a model: instructions with their places, stages, and every line that can't be read.
import { DockerfileParser, type Instruction as Token } from 'dockerfile-ast';
import { argumentText, flagValue, readInstruction, type Instruction, type Place } from './dockerfile-instruction.ts';

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

export interface Problem extends Place {
  readonly kind:
    | 'not-a-dockerfile'
    | 'no-stage'
    | 'too-many-stages'
    | 'before-from'
    | 'unknown-instruction'
    | 'broken-continuation'
    | 'missing-arguments'
    | 'open-heredoc';
  readonly message: string;
  /** For a broken continuation: the last line of the instruction that should have gone on. */
  readonly previousLine?: number;
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

export const KEYWORDS: ReadonlySet<string> = new Set([
  ...['ADD', 'ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL', 'MAINTAINER'],
  ...['ONBUILD', 'RUN', 'SHELL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'],
]);

/** More than any real Dockerfile; what lies beyond is not read, and a problem says so. */
const MAX_CHARACTERS = 2_000_000;
const MAX_STAGES = 500;

/** Reads a Dockerfile; never throws. What can't be read becomes a problem and the rest is still read. */
export function parseDockerfile(text: string): Dockerfile {
  const refused = notADockerfile(text);
  if (refused !== undefined) return { ...emptyDockerfile(text), problems: [refused] };
  const parsed = DockerfileParser.parse(text);
  const escape = parsed.getEscapeCharacter();
  const lines = text.split(/\r?\n/);
  const all = readAll(parsed.getInstructions(), lines, escape);
  const beyond = all.find(({ stage }) => stage === MAX_STAGES);
  const instructions = beyond === undefined ? all : all.slice(0, all.indexOf(beyond));
  const comments = parsed.getComments().map((comment): Comment => ({
    line: comment.getRange().start.line + 1,
    endLine: comment.getRange().end.line + 1,
    column: comment.getRange().start.character + 1,
    text: comment.toString().replace(/^#/, ''),
  }));
  return {
    lines,
    instructions,
    stages: readStages(instructions),
    globalArguments: instructions.filter(({ stage, keyword }) => stage === undefined && keyword === 'ARG'),
    comments,
    problems: [...findProblems(instructions, lines), ...tooManyStages(beyond)],
    escape,
  };
}

/** The stage that a build without --target makes. */
export function finalStage(dockerfile: Dockerfile): Stage | undefined {
  return dockerfile.stages.at(-1);
}

/** The stage a name or number means when it is written in stage `before`; only earlier stages can be meant. */
export function stageNamed(dockerfile: Dockerfile, name: string, before: number): Stage | undefined {
  const earlier = dockerfile.stages.slice(0, before);
  const wanted = name.toLowerCase();
  const named = earlier.findLast((stage) => stage.name?.toLowerCase() === wanted);
  return named ?? (/^\d+$/.test(name) ? earlier[Number(name)] : undefined);
}

function tooManyStages(beyond: Instruction | undefined): readonly Problem[] {
  if (beyond === undefined) return [];
  const { line, endLine, column } = beyond;
  return [{ kind: 'too-many-stages', line, endLine, column, message: `this file has more than ${MAX_STAGES} stages` }];
}

function emptyDockerfile(text: string): Dockerfile {
  const lines = text.split(/\r?\n/);
  return { lines, instructions: [], stages: [], globalArguments: [], comments: [], problems: [], escape: '\\' };
}

function readAll(tokens: readonly Token[], lines: readonly string[], escape: string): Instruction[] {
  let stage: number | undefined;
  return tokens.map((token) => {
    const { start, end } = token.getRange();
    const keyword = token.getKeyword();
    if (keyword === 'FROM') stage = (stage ?? -1) + 1;
    const source = lines.slice(start.line, end.line + 1);
    const raw = [(source[0] ?? '').slice(start.character), ...source.slice(1)].join('\n');
    const place = { line: start.line + 1, endLine: end.line + 1, column: start.character + 1 };
    return readInstruction({ ...place, keyword, raw, escape, stage });
  });
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
  if (/^\s*\{/.test(text) && isJson(text)) return { ...whole, message: 'this is a JSON document, not a Dockerfile' };
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function findProblems(instructions: readonly Instruction[], lines: readonly string[]): Problem[] {
  const known = instructions.filter(({ keyword }) => KEYWORDS.has(keyword));
  if (instructions.length > 0 && known.length === 0) {
    const message = 'no line of this file begins with a Dockerfile instruction';
    return [{ kind: 'not-a-dockerfile', line: 1, endLine: 1, column: 1, message }];
  }
  const problems = instructions.flatMap((instruction, index) =>
    problemsOf(instruction, instructions[index - 1], lines),
  );
  if (instructions.some(({ keyword }) => keyword === 'FROM')) return problems;
  const message = 'there is no FROM, so there is nothing to build';
  return [{ kind: 'no-stage', line: 1, endLine: 1, column: 1, message }, ...problems];
}

function problemsOf(
  instruction: Instruction,
  previous: Instruction | undefined,
  lines: readonly string[],
): readonly Problem[] {
  const { line, endLine, column, keyword, stage } = instruction;
  const place = { line, endLine, column };
  if (!KEYWORDS.has(keyword)) return [unknownInstruction(instruction, previous)];
  const found: Problem[] = [];
  if (stage === undefined && keyword !== 'ARG') {
    found.push({ ...place, kind: 'before-from', message: `${keyword} stands before the first FROM` });
  }
  if (argumentText(instruction) === '') {
    found.push({ ...place, kind: 'missing-arguments', message: `${keyword} has no argument` });
  }
  const open = instruction.heredocs.find((heredoc) => heredoc.endLine > endLine);
  if (open !== undefined && lines.length <= open.endLine) {
    found.push({ ...place, kind: 'open-heredoc', message: `the heredoc ${open.name} is never closed` });
  }
  return found;
}

function unknownInstruction(instruction: Instruction, previous: Instruction | undefined): Problem {
  const { line, endLine, column, raw } = instruction;
  const first = raw.split('\n')[0] ?? '';
  const word = first.split(/\s/)[0] ?? '';
  const goesOn = previous?.endLine === line - 1 && continues(previous.keyword, first);
  if (!goesOn) {
    return { kind: 'unknown-instruction', line, endLine, column, message: `${word} is not a Dockerfile instruction` };
  }
  const message = `line ${line - 1} does not end with a \\, so this line of ${previous.keyword} is read as an instruction`;
  return { kind: 'broken-continuation', line, endLine, column, message, previousLine: line - 1 };
}

function continues(keyword: string, row: string): boolean {
  if (keyword === 'ENV' || keyword === 'LABEL' || keyword === 'ARG') return /^[\w.-]+=/.test(row);
  return keyword === 'RUN' && /^(&&|\|\||\||;|-|[a-z])/.test(row);
}
