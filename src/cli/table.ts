// Rows of words as an aligned table for a terminal.
import { plainText } from '../world/plain-text.ts';

/** Columns as wide as their widest cell, two spaces between them, no trailing blanks. */
export function showTable(words: readonly (readonly string[])[]): string {
  const rows = words.map((row) => row.map((cell) => plainText(cell).replaceAll('\n', ' ')));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
