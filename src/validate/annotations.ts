// Findings as annotations of a pull request: GitHub's workflow commands, within its limits.
import type { Finding, Findings } from '../documents/findings.ts';
import { summaryLine } from './show.ts';

/** GitHub shows no more than this many per step and level. */
const MOST_PER_LEVEL = 10;

const COMMANDS = { error: 'error', warning: 'warning', info: 'notice' } as const;
const LEVELS = ['error', 'warning', 'info'] as const;
const BY_HARM = ['build', 'start', 'health', 'policy'] as const;

/** One workflow command per line, the most severe first, at most 10 per level; then a line that counts all of them. */
export function annotations(findings: Findings): readonly string[] {
  const shown = LEVELS.flatMap((level) => {
    const ours = byHarm(findings.findings.filter(({ severity }) => severity === level));
    const rest = ours.length - MOST_PER_LEVEL;
    const first = rest > 0 ? ours.slice(0, MOST_PER_LEVEL - 1) : ours;
    return [...first.map(annotate), ...(rest > 0 ? [restOf(level, ours.slice(MOST_PER_LEVEL - 1))] : [])];
  });
  return [...shown, summaryLine(findings)];
}

function byHarm(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => BY_HARM.indexOf(a.breaks) - BY_HARM.indexOf(b.breaks));
}

function annotate(finding: Finding): string {
  const { rule, severity, breaks, file, line, endLine, column, message, expected, got, cure } = finding;
  const properties = [
    ['file', file],
    ['line', String(line)],
    ['endLine', String(endLine)],
    // GitHub refuses a column where a range has several lines.
    ...(line === endLine ? [['col', String(column)]] : []),
    ['title', `${rule} breaks the ${breaks}`],
  ].map(([name = '', value = '']) => `${name}=${escapeProperty(value)}`);
  const facts = [
    message,
    ...(expected === undefined ? [] : [`expected: ${expected}`]),
    ...(got === undefined ? [] : [`found: ${got}`]),
    `cure: ${cure}`,
  ];
  return `::${COMMANDS[severity]} ${properties.join(',')}::${escapeData(facts.join('\n'))}`;
}

function restOf(level: Finding['severity'], findings: readonly Finding[]): string {
  const byRule = new Map<string, number>();
  for (const { rule } of findings) byRule.set(rule, (byRule.get(rule) ?? 0) + 1);
  const counts = [...byRule].map(([rule, count]) => `${rule} ×${count}`).join(', ');
  const word = level === 'info' ? 'notices' : `${level}s`;
  return `::${COMMANDS[level]} title=${escapeProperty(`${findings.length} more ${word}`)}::${escapeData(counts)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
