// Compose's ${VARIABLE} forms, read without the host's .env: defaults are taken, what only the host knows stays unknown.

/** Stands in a text for a value that only the host knows; never part of a file's text. */
const UNKNOWN = '\u0000';

/** Defaults in defaults are rare and shallow; deeper ones count as unknown. */
const DEEPEST_DEFAULT = 10;
export const TOO_DEEP_CURE = `write the value out; defaults in defaults are followed ${DEEPEST_DEFAULT} deep`;

export interface Interpolated {
  /** undefined when a variable without a default is part of it. */
  readonly text: string | undefined;
  /** The name part of an image reference (before tag and digest); undefined when a variable reaches into it. */
  readonly imageName: string | undefined;
  readonly unknown: readonly string[];
  /** A default lies in more defaults than are followed. */
  readonly tooDeep: boolean;
}

/** https://docs.docker.com/reference/compose-file/interpolation/ */
export function interpolate(text: string): Interpolated {
  const reading: Reading = { text, closings: matchBraces(text), unknown: [], tooDeep: false };
  const result = expand(reading, { from: 0, to: text.length }, 0);
  const { unknown, tooDeep } = reading;
  const name = nameOf(result);
  return {
    text: unknown.length > 0 || tooDeep ? undefined : result,
    imageName: name.includes(UNKNOWN) ? undefined : name,
    unknown,
    tooDeep,
  };
}

interface Reading {
  readonly text: string;
  /** Where each `${` is closed. Found in one pass, since looking from each again would take the square of the length. */
  readonly closings: ReadonlyMap<number, number>;
  readonly unknown: string[];
  tooDeep: boolean;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function matchBraces(text: string): ReadonlyMap<number, number> {
  const open: number[] = [];
  const closings = new Map<number, number>();
  for (let index = 0; index < text.length; index += 1) {
    if (text.startsWith('${', index)) open.push(index);
    else if (text[index] === '}') {
      const start = open.pop();
      if (start !== undefined) closings.set(start, index);
    }
  }
  return closings;
}

function expand(reading: Reading, { from, to }: Range, depth: number): string {
  const { text } = reading;
  const parts: string[] = [];
  let here = from;
  while (here < to) {
    const found = text.indexOf('$', here);
    const start = found === -1 || found >= to ? to : found;
    parts.push(text.slice(here, start));
    if (start === to) break;
    const piece = nextVariable(reading, start, to);
    parts.push(valueOf(reading, piece, depth));
    here = piece.end;
  }
  return parts.join('');
}

interface Piece {
  /** Where the text goes on. */
  readonly end: number;
  readonly literal?: string;
  readonly variable?: string;
  readonly fallback?: Range | undefined;
}

const PLAIN = /\$([A-Za-z_][A-Za-z0-9_]*)/y;
const BRACED = /\$\{([A-Za-z_][A-Za-z0-9_]*)(:?[-?+])?/y;

function nextVariable({ text, closings }: Reading, start: number, limit: number): Piece {
  if (text.startsWith('$$', start) && start + 1 < limit) return { end: start + 2, literal: '$' };
  const plain = matchAt(PLAIN, text, start);
  if (plain?.[1] !== undefined) return { end: start + plain[0].length, variable: plain[1] };
  const close = closings.get(start);
  if (close === undefined) return { end: start + 1, literal: '$' };
  const [head = '', variable, operator] = matchAt(BRACED, text, start) ?? [];
  if (variable === undefined) return { end: close + 1, literal: text.slice(start, close + 1) };
  const fallback = operator?.endsWith('-') === true ? { from: start + head.length, to: close } : undefined;
  return { end: close + 1, variable, fallback };
}

function matchAt(pattern: RegExp, text: string, start: number): RegExpExecArray | null {
  pattern.lastIndex = start;
  return pattern.exec(text);
}

function valueOf(reading: Reading, piece: Piece, depth: number): string {
  if (piece.literal !== undefined) return piece.literal;
  const { fallback, variable = '' } = piece;
  if (fallback !== undefined && depth < DEEPEST_DEFAULT) return expand(reading, fallback, depth + 1);
  if (fallback !== undefined) reading.tooDeep = true;
  else reading.unknown.push(variable);
  return UNKNOWN;
}

function nameOf(reference: string): string {
  const [named = ''] = reference.split('@');
  const colon = named.lastIndexOf(':');
  return colon > named.lastIndexOf('/') ? named.slice(0, colon) : named;
}
