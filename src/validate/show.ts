// Findings for a person at a terminal: the line they speak of, a caret under the place, the cure, and what breaks in one line.
import type { Finding, Findings } from '../documents/findings.ts';

export type Paint = (style: 'bold' | 'dim' | 'red' | 'yellow' | 'cyan' | 'green', text: string) => string;

/** Lines of a file by path; undefined where it can't be read. */
export type Sources = ReadonlyMap<string, readonly string[]>;

const STYLES = { error: 'red', warning: 'yellow', info: 'cyan' } as const;
const LONGEST_LINE = 160;

export function showFindings(findings: Findings, sources: Sources, paint: Paint): string {
  const shown = findings.findings.map((finding) => showFinding(finding, sources, paint));
  return [...shown, summaryLine(findings, paint)].join('\n');
}

/** `3 errors (build 1, start 2, health 0, policy 0), 1 warning in 9 files`: leads with what breaks. */
export function summaryLine({ findings, checked }: Findings, paint: Paint = (_style, text) => text): string {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const breaking = (kind: Finding['breaks']): number => errors.filter(({ breaks }) => breaks === kind).length;
  const counts = (['build', 'start', 'health', 'policy'] as const)
    .map((kind) => `${kind} ${breaking(kind)}`)
    .join(', ');
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const files = `${plural(checked.length, 'file')} checked`;
  if (errors.length === 0) return `${paint('green', 'nothing breaks')}, ${plural(warnings, 'warning')}, ${files}`;
  return `breaks: ${paint('red', counts)}; ${plural(errors.length, 'error')}, ${plural(warnings, 'warning')}, ${files}`;
}

function showFinding(finding: Finding, sources: Sources, paint: Paint): string {
  const { rule, severity, breaks, file, line, column, message, expected, got, cure } = finding;
  const head = `${paint('bold', `${file}:${line}:${column}`)} ${paint(STYLES[severity], `${severity} ${rule}`)} ${paint('dim', `(${breaks})`)} ${message}`;
  const row = sources.get(file)?.[line - 1];
  const source = row === undefined ? [] : sourceLines(row, { line, column }, paint);
  const facts = [
    ['expected', expected],
    ['got', got],
    ['cure', cure],
  ].flatMap(([label = '', text]) => (text === undefined ? [] : [`  ${paint('dim', `${label}:`)} ${text}`]));
  return [head, ...source, ...facts, ''].join('\n');
}

function sourceLines(row: string, { line, column }: { line: number; column: number }, paint: Paint): readonly string[] {
  const number = String(line).padStart(5);
  // A tab is one column in the count and must stay one here, or the caret slips.
  const text = row.replaceAll('\t', ' ');
  const from = column > LONGEST_LINE ? column - LONGEST_LINE / 2 : 0;
  const part = text.slice(from, from + LONGEST_LINE);
  const caret = ' '.repeat(Math.max(0, column - 1 - from));
  return [
    `${paint('dim', `${number} |`)} ${part}`,
    `${' '.repeat(number.length)} ${paint('dim', '|')} ${caret}${paint('red', '^')}`,
  ];
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
