// One instruction of a Dockerfile: its place, its flags, its words, its JSON form and its heredocs.

/** Where something stands in a file; all three count from 1. */
export interface Place {
  readonly line: number;
  readonly endLine: number;
  readonly column: number;
}

/** A blank-separated word. `raw` keeps quotes and variables as written. */
export interface Word {
  readonly raw: string;
  /** Offset in the instruction's `text`; placeAt turns it into a line. */
  readonly offset: number;
}

export interface Flag {
  /** `from` for `--from=builder`. */
  readonly name: string;
  /** Undefined for a bare `--link`. */
  readonly value: string | undefined;
}

export interface Heredoc extends Place {
  readonly name: string;
  readonly body: string;
}

export interface Instruction extends Place {
  /** Upper case: `COPY`. */
  readonly keyword: string;
  /** The source as written, heredocs included. */
  readonly raw: string;
  /** What follows the keyword on its logical line: continuations joined, comment lines dropped, no heredoc bodies. */
  readonly text: string;
  readonly flags: readonly Flag[];
  /** The words after the flags. */
  readonly words: readonly Word[];
  /** Offset in `text` where the arguments after the flags begin. */
  readonly start: number;
  /** The strings of a well-formed JSON form, for every keyword that has one. */
  readonly json: readonly string[] | undefined;
  readonly heredocs: readonly Heredoc[];
  /** Index of the stage it belongs to; undefined before the first FROM. */
  readonly stage: number | undefined;
  /** Where the pieces of `text` come from, by rising offset. */
  readonly pieces: readonly Piece[];
}

/** From `offset` on, text comes from this line and column. */
interface Piece {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export interface InstructionSource extends Place {
  readonly keyword: string;
  readonly raw: string;
  readonly escape: string;
  readonly stage: number | undefined;
}

const WITH_JSON_FORM = new Set([
  'ADD',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'RUN',
  'SHELL',
  'VOLUME',
  'HEALTHCHECK',
  'ONBUILD',
]);
const WITH_HEREDOC = new Set(['ADD', 'COPY', 'RUN']);

/** Reads an instruction out of its source text. */
export function readInstruction(source: InstructionSource): Instruction {
  const { keyword, raw, stage, line, endLine, column } = source;
  const { text, pieces, restLine } = joinLines(source);
  const { flags, start } = readFlags(text);
  const words = splitWords(text, start, source.escape);
  const heredocs = WITH_HEREDOC.has(keyword) ? readHeredocs(words, raw.split(/\r?\n/), restLine, line) : [];
  const json = WITH_JSON_FORM.has(keyword) ? readJsonForm(jsonText(keyword, text.slice(start))) : undefined;
  return { keyword, raw, stage, line, endLine, column, text, flags, start, words, json, heredocs, pieces };
}

/** The line and column of an offset in an instruction's text. */
export function placeAt(instruction: Instruction, offset: number): { readonly line: number; readonly column: number } {
  const piece = instruction.pieces.findLast((candidate) => candidate.offset <= offset);
  if (piece === undefined) return { line: instruction.line, column: instruction.column };
  return { line: piece.line, column: piece.column + offset - piece.offset };
}

/** The value of the first flag of that name; '' for a flag without value. */
export function flagValue(instruction: Instruction, name: string): string | undefined {
  const flag = instruction.flags.find((candidate) => candidate.name === name);
  return flag === undefined ? undefined : (flag.value ?? '');
}

/** The arguments after the flags, as one text. */
export function argumentText(instruction: Instruction): string {
  return instruction.text.slice(instruction.start).trim();
}

/** The parts of every `--mount=type=bind,from=builder,…` of a RUN; a part without value is 'true'. */
export function mounts(instruction: Instruction): readonly ReadonlyMap<string, string>[] {
  return instruction.flags
    .filter(({ name }) => name === 'mount')
    .map(({ value = '' }) => {
      const parts = value.replaceAll(/^"|"$/g, '').split(',');
      return new Map(parts.map((part): [string, string] => halves(part)));
    });
}

/** Splits at blanks outside quotes, as Docker's own parser does; quotes stay. */
export function splitWords(text: string, from: number, escape: string): Word[] {
  const words: Word[] = [];
  let begin = -1;
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    const blank = quote === '' && (char === ' ' || char === '\t');
    if (blank) {
      if (begin >= 0) words.push({ raw: text.slice(begin, at), offset: begin });
      begin = -1;
      continue;
    }
    if (begin < 0) begin = at;
    if (char === escape && quote !== "'") at += 1;
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
  }
  if (begin >= 0) words.push({ raw: text.slice(begin), offset: begin });
  return words;
}

/** The strings of a JSON array, or undefined when Docker would take the text for shell form. */
export function readJsonForm(text: string): readonly string[] | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith('[')) return undefined;
  try {
    const parsed: unknown = JSON.parse(trimmed);
    if (!Array.isArray(parsed)) return undefined;
    return parsed.every((item): item is string => typeof item === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function joinLines(source: InstructionSource): { text: string; pieces: Piece[]; restLine: number } {
  const lines = source.raw.split(/\r?\n/);
  const escaped = source.escape === '`' ? '`' : '\\\\';
  const continued = new RegExp(`(?<!${escaped})${escaped}[ \\t]*$`);
  const pieces: Piece[] = [];
  let text = '';
  let index = 0;
  for (; index < lines.length; index += 1) {
    const row = lines[index] ?? '';
    if (index > 0 && /^\s*(#|$)/.test(row)) continue;
    const skip = index === 0 ? keywordLength(row, source.keyword) : 0;
    const body = row.slice(skip).replace(continued, '');
    pieces.push({
      offset: text.length,
      line: source.line + index,
      column: (index === 0 ? source.column : 1) + skip,
    });
    text += body;
    if (!continued.test(row)) break;
  }
  return { text, pieces, restLine: index + 1 };
}

/** The keyword and the blanks after it; a keyword broken by a continuation is left as it is. */
function keywordLength(row: string, keyword: string): number {
  if (!row.toUpperCase().startsWith(keyword)) return row.length;
  const blanks = /^[ \t]*/.exec(row.slice(keyword.length));
  return keyword.length + (blanks?.[0].length ?? 0);
}

function readFlags(text: string): { flags: Flag[]; start: number } {
  const flags: Flag[] = [];
  const pattern = /[ \t]*(--[a-z][a-z-]*)(?:=("(?:[^"\\]|\\.)*"|\S*))?(?=\s|$)/y;
  let start = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    flags.push({ name: (match[1] ?? '').slice(2), value: match[2] });
    start = pattern.lastIndex;
  }
  const blanks = /^\s*/.exec(text.slice(start));
  return { flags, start: start + (blanks?.[0].length ?? 0) };
}

function jsonText(keyword: string, text: string): string {
  if (keyword === 'HEALTHCHECK') return text.replace(/^\s*CMD\b/i, '');
  if (keyword === 'ONBUILD') return text.replace(/^\s*(CMD|ENTRYPOINT|RUN|COPY|ADD)\b/i, '');
  return text;
}

function readHeredocs(words: readonly Word[], lines: readonly string[], first: number, line: number): Heredoc[] {
  const found: Heredoc[] = [];
  let at = first;
  for (const { raw } of words) {
    const match = /^\d*<<(-?)(["']?)([^<"'\s]+)\2/.exec(raw);
    if (match === null) continue;
    const name = match[3] ?? '';
    const isEnd = (row: string): boolean => (match[1] === '-' ? row.replace(/^\t+/, '') : row) === name;
    const length = lines.slice(at).findIndex(isEnd);
    const end = length < 0 ? lines.length : at + length;
    found.push({ name, body: lines.slice(at, end).join('\n'), line: line + at, endLine: line + end, column: 1 });
    at = end + 1;
  }
  return found;
}

function halves(part: string): [string, string] {
  const at = part.indexOf('=');
  return at < 0 ? [part, 'true'] : [part.slice(0, at), part.slice(at + 1)];
}
