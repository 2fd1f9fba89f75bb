// "Did you mean": the known word nearest to what was written.

/** The nearest word when it is near enough to be meant, else undefined. */
export function didYouMean(written: string, known: Iterable<string>): string | undefined {
  const limit = written.length < 4 ? 1 : Math.max(2, Math.floor(written.length / 3));
  const ranked = [...known]
    // As many inserts as the lengths differ are needed at least; a long text is not compared with all words.
    .filter((word) => Math.abs(word.length - written.length) <= limit)
    .map((word) => ({ word, far: distance(written.toLowerCase(), word.toLowerCase()) }))
    .filter(({ far }) => far <= limit)
    .toSorted((a, b) => a.far - b.far);
  return ranked[0]?.word;
}

/** Levenshtein's distance: inserts, deletes and changes of one character. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
