// Compose's ${VARIABLE} forms, read without the host's .env: defaults are taken, what only the host knows stays unknown.

/** Stands in a text for a value that only the host knows; never part of a file's text. */
const UNKNOWN = '\u0000';

export interface Interpolated {
  /** undefined when a variable without a default is part of it. */
  readonly text: string | undefined;
  /** The name part of an image reference (before tag and digest); undefined when a variable reaches into it. */
  readonly imageName: string | undefined;
  readonly unknown: readonly string[];
}

/** https://docs.docker.com/reference/compose-file/interpolation/ */
export function interpolate(text: string): Interpolated {
  const unknown: string[] = [];
  const result = expand(text, unknown);
  const name = nameOf(result);
  return {
    text: unknown.length > 0 ? undefined : result,
    imageName: name.includes(UNKNOWN) ? undefined : name,
    unknown,
  };
}

function expand(text: string, unknown: string[]): string {
  let result = '';
  let rest = text;
  for (;;) {
    const start = rest.indexOf('$');
    if (start === -1) return result + rest;
    result += rest.slice(0, start);
    const piece = nextVariable(rest.slice(start));
    result += valueOf(piece, unknown);
    rest = rest.slice(start + piece.length);
  }
}

interface Piece {
  readonly length: number;
  readonly literal?: string;
  readonly variable?: string;
  readonly fallback?: string | undefined;
}

function nextVariable(text: string): Piece {
  if (text.startsWith('$$')) return { length: 2, literal: '$' };
  const plain = /^\$([A-Za-z_][A-Za-z0-9_]*)/.exec(text);
  if (plain?.[1] !== undefined) return { length: plain[0].length, variable: plain[1] };
  const end = text.startsWith('${') ? closingBrace(text) : -1;
  if (end === -1) return { length: 1, literal: '$' };
  const [, variable, operator, operand] = /^([A-Za-z_][A-Za-z0-9_]*)(:?[-?+])?([^]*)$/.exec(text.slice(2, end)) ?? [];
  if (variable === undefined) return { length: end + 1, literal: text.slice(0, end + 1) };
  return { length: end + 1, variable, fallback: operator?.endsWith('-') === true ? operand : undefined };
}

function valueOf(piece: Piece, unknown: string[]): string {
  if (piece.literal !== undefined) return piece.literal;
  if (piece.fallback !== undefined) return expand(piece.fallback, unknown);
  unknown.push(piece.variable ?? '');
  return UNKNOWN;
}

function closingBrace(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text.startsWith('${', index)) depth += 1;
    else if (text[index] === '}' && (depth -= 1) === 0) return index;
  }
  return -1;
}

function nameOf(reference: string): string {
  const [named = ''] = reference.split('@');
  const colon = named.lastIndexOf(':');
  return colon > named.lastIndexOf('/') ? named.slice(0, colon) : named;
}
