// A unified diff of two texts, short enough to read in a terminal, to show what a human changed.

type Edit = { readonly sign: ' ' | '-' | '+'; readonly line: string };

const CONTEXT_LINES = 3;
/** Longer files are compared as a whole: the table of the comparison grows with the product of both. */
const MAX_LINES = 2_000;

/** The lines that differ, with their surroundings, `-` for `before` and `+` for `after`; '' when nothing does. */
export function unifiedDiff(before: string, after: string, names: { before: string; after: string }): string {
  if (before === after) return '';
  const edits = compare(linesOf(before), linesOf(after));
  return [`--- ${names.before}`, `+++ ${names.after}`, ...hunks(edits)].join('\n');
}

function linesOf(text: string): readonly string[] {
  return text.split('\n');
}

function compare(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const all = (sign: '-' | '+', lines: readonly string[]): Edit[] => lines.map((line) => ({ sign, line }));
  if (before.length > MAX_LINES || after.length > MAX_LINES) return [...all('-', before), ...all('+', after)];
  return walk(before, after, commonLengths(before, after));
}

/** At [i][j] the length of the longest common subsequence of before[i…] and after[j…]. */
function commonLengths(before: readonly string[], after: readonly string[]): (i: number, j: number) => number {
  const width = after.length + 1;
  const table = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => table[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      table[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  return at;
}

function walk(
  before: readonly string[],
  after: readonly string[],
  common: (i: number, j: number) => number,
): readonly Edit[] {
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [left, right] = [before[i], after[j]];
    if (left !== undefined && left === right) {
      edits.push({ sign: ' ', line: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || common(i + 1, j) >= common(i, j + 1))) {
      edits.push({ sign: '-', line: left });
      i += 1;
    } else {
      edits.push({ sign: '+', line: right ?? '' });
      j += 1;
    }
  }
  return edits;
}

function hunks(edits: readonly Edit[]): readonly string[] {
  const near = edits.map((_, at) =>
    edits.slice(Math.max(0, at - CONTEXT_LINES), at + CONTEXT_LINES + 1).some((edit) => edit.sign !== ' '),
  );
  return edits.flatMap((edit, at) => {
    if (near[at] !== true) return [];
    return near[at - 1] === true ? [`${edit.sign}${edit.line}`] : ['@@', `${edit.sign}${edit.line}`];
  });
}
