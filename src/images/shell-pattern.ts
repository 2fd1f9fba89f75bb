// The patterns of `${NAME#pattern}`, `${NAME%pattern}` and `${NAME/pattern/text}`: matched piece by piece between the stars,
// each character compared a bounded number of times, so that no pattern can hold a check up.

/** Comparisons that are left; below 0 the answer was given up and must not be used. */
export interface Meter {
  left: number;
}

export interface Trimming {
  readonly side: 'prefix' | 'suffix';
  /** `##` and `%%` take as much as they can, `#` and `%` as little. */
  readonly longest: boolean;
}

/** The text without the prefix or suffix that the pattern matches; the text itself where it matches none. */
export function trim(text: string, pattern: string, { side, longest }: Trimming, meter: Meter): string {
  if (!affords(meter, text, pattern)) return text;
  if (side === 'suffix') {
    const rest = trim(reversed(text), reversed(pattern), { side: 'prefix', longest }, meter);
    return reversed(rest);
  }
  const search = { text, pieces: pattern.split('*'), meter };
  const end = fits(search, search.pieces[0] ?? '', 0) ? endOf(search, 0, longest) : undefined;
  return end === undefined ? text : text.slice(end);
}

export interface Replacing {
  readonly pattern: string;
  readonly replacement: string;
  readonly all: boolean;
  /** No longer text than this is made. */
  readonly longest: number;
}

/** The text with the first match, or all of them, replaced; each match is the leftmost and there the longest. */
export function replace(text: string, { pattern, replacement, all, longest }: Replacing, meter: Meter): string {
  if (!affords(meter, text, pattern)) return text;
  const search = { text, pieces: pattern.split('*'), meter };
  let out = '';
  let from = 0;
  while (from <= text.length && meter.left >= 0 && out.length <= longest) {
    const start = firstPlace(search, search.pieces[0] ?? '', from);
    const end = start === undefined ? undefined : endOf(search, start, true);
    if (start === undefined || end === undefined) break;
    out += text.slice(from, start) + replacement;
    // A match of nothing is followed by the character it stands before.
    if (end === start) out += text.charAt(start);
    from = end === start ? end + 1 : end;
    if (!all) break;
  }
  return out + text.slice(from);
}

/** Both are read at least once, whatever the pattern says. */
function affords(meter: Meter, text: string, pattern: string): boolean {
  meter.left -= text.length + pattern.length;
  return meter.left >= 0;
}

interface Search {
  readonly text: string;
  /** What stands between the stars; `?` in it is any character. */
  readonly pieces: readonly string[];
  readonly meter: Meter;
}

/**
 * Where a match that begins at `start` ends, its first piece being known to fit there. Pieces in the middle are placed as early as
 * they go: that leaves the most room for the last one.
 */
function endOf(search: Search, start: number, longest: boolean): number | undefined {
  const [first = '', ...rest] = search.pieces;
  const last = rest.pop();
  let end = start + first.length;
  for (const piece of rest) {
    const place = firstPlace(search, piece, end);
    if (place === undefined) return undefined;
    end = place + piece.length;
  }
  if (last === undefined) return end;
  const place = longest ? lastPlace(search, last, end) : firstPlace(search, last, end);
  return place === undefined ? undefined : place + last.length;
}

function firstPlace(search: Search, piece: string, from: number): number | undefined {
  const { text, meter } = search;
  for (let at = from; at + piece.length <= text.length && meter.left >= 0; at += 1) {
    if (fits(search, piece, at)) return at;
  }
  return undefined;
}

function lastPlace(search: Search, piece: string, from: number): number | undefined {
  const { text, meter } = search;
  for (let at = text.length - piece.length; at >= from && meter.left >= 0; at -= 1) {
    if (fits(search, piece, at)) return at;
  }
  return undefined;
}

function fits({ text, meter }: Search, piece: string, at: number): boolean {
  meter.left -= 1;
  for (let index = 0; index < piece.length; index += 1) {
    meter.left -= 1;
    const char = piece.charAt(index);
    if (meter.left < 0 || at + index >= text.length || (char !== '?' && char !== text.charAt(at + index))) return false;
  }
  return true;
}

function reversed(text: string): string {
  return Array.from({ length: text.length }, (_, index) => text.charAt(text.length - 1 - index)).join('');
}
