// Locks in pip's requirements format: every entry with its hashes, every option, and every line pip could not read.
import type { Place } from './dockerfile-instruction.ts';

export interface LockHash {
  /** `sha256`. */
  readonly algorithm: string;
  readonly value: string;
  readonly line: number;
}

export interface LockEntry extends Place {
  /** Normalised: lower case, runs of `-_.` are one `-`. Undefined for a bare URL or path. */
  readonly name: string | undefined;
  /** As written before markers and options: `torch[cuda]==2.1.0`. */
  readonly written: string;
  /** The version when exactly one is allowed (`==` or `===`, no wildcard). */
  readonly version: string | undefined;
  readonly extras: readonly string[];
  /** What follows `;`. */
  readonly marker: string | undefined;
  /** From `name @ URL`, a bare URL or a path. */
  readonly url: string | undefined;
  readonly editable: boolean;
  readonly hashes: readonly LockHash[];
}

export interface LockOption extends Place {
  /** Long or short as written: `-r`, `--index-url`. */
  readonly name: string;
  readonly value: string | undefined;
}

export interface LockProblem extends Place {
  readonly text: string;
}

export interface Lock {
  readonly entries: readonly LockEntry[];
  readonly options: readonly LockOption[];
  /** Lines that are neither a requirement nor an option. */
  readonly problems: readonly LockProblem[];
}

const NAME = /^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*/;
const SPECIFIER = /^\(?\s*(?:(?:===|==|~=|!=|<=|>=|<|>)\s*[\w.*+!-]+\s*,?\s*)*\)?$/;
const LOCATION = /^(?:[a-z][a-z+]*:\/\/|file:|\.{0,2}\/)|\.(?:whl|tar\.gz|zip)(?:#|$)/i;

/** Reads a lock; never throws. */
export function parseLock(text: string): Lock {
  const entries: LockEntry[] = [];
  const options: LockOption[] = [];
  const problems: LockProblem[] = [];
  for (const logical of logicalLines(text)) {
    if (logical.text.startsWith('-') && !isEditable(logical.text)) {
      for (const option of readOptions(logical)) options.push(option);
    } else {
      const entry = readEntry(logical);
      if (entry === undefined) problems.push({ ...placeOf(logical), text: logical.text });
      else entries.push(entry);
    }
  }
  return { entries, options, problems };
}

/** A project's name as indexes compare it. */
export function normalizeName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

interface Logical {
  readonly text: string;
  readonly line: number;
  readonly endLine: number;
  /** The physical lines, for the place of each hash. */
  readonly rows: readonly string[];
}

/** Lines joined at a `\`, comments taken off; a comment line ends a joined one, as pip has it. */
function logicalLines(text: string): readonly Logical[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const found: Logical[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const first = at;
    while (at + 1 < lines.length && goesOn(lines[at] ?? '')) at += 1;
    const rows = lines.slice(first, at + 1);
    const joined = rows.map((row) => (/^\s*#/.test(row) ? ` ${row}` : row.replace(/\\$/, ''))).join('');
    // Runs of blanks mean no more than one, and would be read again from each of them.
    const bare = joined
      .replace(/(^|\s)#.*$/, '')
      .replaceAll(/\s+/g, ' ')
      .trim();
    if (bare !== '') found.push({ text: bare, rows, line: first + 1, endLine: at + 1 });
  }
  return found;
}

function goesOn(row: string): boolean {
  return row.endsWith('\\') && !/^\s*#/.test(row);
}

function isEditable(text: string): boolean {
  return /^(?:-e|--editable)(?=[\s=])/.test(text);
}

function readOptions(logical: Logical): readonly LockOption[] {
  const words = logical.text.split(/\s+/);
  const found: LockOption[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const [, name = '', inline] = /^(--?[A-Za-z][\w-]*)(?:=(.*))?$/.exec(words[at] ?? '') ?? [];
    if (name === '') continue;
    const next = words[at + 1];
    const takesNext = inline === undefined && next !== undefined && !next.startsWith('-');
    found.push({ ...placeOf(logical), name, value: inline ?? (takesNext ? next : undefined) });
    if (takesNext) at += 1;
  }
  return found;
}

function readEntry(logical: Logical): LockEntry | undefined {
  const editable = isEditable(logical.text);
  const text = editable ? logical.text.replace(/^\S+?[\s=]+/, '') : logical.text;
  const requirement = text.replace(/\s+-.*$/s, '').trim();
  const semicolon = /\s*;\s*/.exec(LOCATION.test(requirement) ? requirement.replaceAll(/\S;/g, '__') : requirement);
  const written = semicolon === null ? requirement : requirement.slice(0, semicolon.index);
  const marker = semicolon === null ? undefined : requirement.slice(semicolon.index + semicolon[0].length);
  const read = editable || LOCATION.test(written) ? readLocation(written) : readNamed(written);
  if (read === undefined) return undefined;
  return { ...placeOf(logical), ...read, written, marker, editable, hashes: readHashes(logical) };
}

type Read = Pick<LockEntry, 'name' | 'version' | 'extras' | 'url'>;

function readLocation(written: string): Read {
  const named = /^([\w.-]+)\s*(?:\[[^\]]*\])?\s*@\s*(\S+)$/.exec(written);
  const egg = /[#&]egg=([\w.-]+)/.exec(written)?.[1];
  const name = named?.[1] ?? egg;
  return {
    name: name === undefined ? undefined : normalizeName(name),
    version: undefined,
    extras: [],
    url: named?.[2] ?? written,
  };
}

function readNamed(written: string): Read | undefined {
  const head = NAME.exec(written);
  if (head === null) return undefined;
  const rest = written.slice(head[0].length).trim();
  const name = normalizeName(head[1] ?? '');
  const extras = (head[2] ?? '').split(',').flatMap((extra) => (extra.trim() === '' ? [] : [extra.trim()]));
  const url = /^@\s*(\S+)$/.exec(rest)?.[1];
  if (url !== undefined) return { name, version: undefined, extras, url };
  if (!SPECIFIER.test(rest)) return undefined;
  const version = /^===?\s*([\w.+!-]+)$/.exec(rest)?.[1];
  return { name, version, extras, url: undefined };
}

function readHashes(logical: Logical): readonly LockHash[] {
  return logical.rows.flatMap((row, index) => {
    const bare = row.replace(/(^|\s)#.*$/, '');
    const found = bare.matchAll(/(?:^|\s)--hash[=\s]\s*([^\s:=]+)(?::([^\s\\]*))?/g);
    return [...found].map(([, algorithm = '', value = '']) => ({ algorithm, value, line: logical.line + index }));
  });
}

function placeOf({ line, endLine, rows }: Logical): Place {
  const indent = /^\s*/.exec(rows[0] ?? '');
  return { line, endLine, column: (indent?.[0].length ?? 0) + 1 };
}
