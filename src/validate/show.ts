// Findings for a person at a terminal: place, message, the line they speak of with a caret, the cure, and what breaks.
import type { Finding, Findings } from '../documents/findings.ts';

export type Paint = (style: 'bold' | 'dim' | 'red' | 'yellow' | 'cyan' | 'green', text: string) => string;

/** Lines of a file by path; undefined where it can't be read. */
export type Sources = ReadonlyMap<string, readonly string[]>;

export interface Showing {
  readonly sources: Sources;
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly width: number;
}

const STYLES = { error: 'red', warning: 'yellow', info: 'cyan' } as const;
const SEVERITIES = ['error', 'warning', 'info'] as const;
/** More in one go is read by nobody. */
export const MOST_SHOWN = 100;

/** The findings that showFindings tells one by one: errors first, no more than 100. */
export function shownOf({ findings }: Findings): readonly Finding[] {
  return SEVERITIES.flatMap((wanted) => findings.filter(({ severity }) => severity === wanted)).slice(0, MOST_SHOWN);
}

/** Paragraphs of the findings, then what breaks, how many there are, and how to learn more. */
export function showFindings(findings: Findings, showing: Showing): string {
  const shown = shownOf(findings);
  const rest = findings.findings.length - shown.length;
  const [first] = shown;
  return [
    ...shown.map((finding) => showFinding(finding, showing)),
    ...(rest > 0 ? [`+${plural(rest, 'more finding')}; --format json has all of them`, ''] : []),
    ...summaryParts(findings, showing.paint),
    ...(first === undefined ? [] : [`learn more of a rule: rollout validate --explain ${first.rule}`]),
  ].join('\n');
}

/** `breaks: build 1, start 2, health 0, policy 0; 3 errors, 1 warning, 9 files checked`: leads with what breaks. */
export function summaryLine(findings: Findings): string {
  return summaryParts(findings, (_style, text) => text).join('; ');
}

function summaryParts({ findings, checked }: Findings, paint: Paint): readonly string[] {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const breaking = (kind: Finding['breaks']): number => errors.filter(({ breaks }) => breaks === kind).length;
  const counts = (['build', 'start', 'health', 'policy'] as const)
    .map((kind) => `${kind} ${breaking(kind)}`)
    .join(', ');
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const files = `${plural(checked.length, 'file')} checked`;
  if (errors.length === 0) return [`${paint('green', 'nothing breaks')}, ${plural(warnings, 'warning')}, ${files}`];
  return [
    `breaks: ${paint('red', counts)}`,
    `${plural(errors.length, 'error')}, ${plural(warnings, 'warning')}, ${files}`,
  ];
}

function showFinding(finding: Finding, { sources, paint, width }: Showing): string {
  const { rule, severity, breaks, file, line, column, message, expected, got, cure } = finding;
  const what = `${severity === 'error' ? 'breaks' : 'concerns'} the ${breaks === 'health' ? 'health gate' : breaks}`;
  const place = paint('bold', `${printable(file)}:${line}:${column}`);
  const head = `${place} ${paint(STYLES[severity], `${severity} ${rule}`)} ${paint('dim', what)}`;
  const row = sources.get(file)?.[line - 1];
  const source = row === undefined ? [] : sourceLines(row, { line, column }, { paint, width });
  // These are left in one line each: a terminal breaks them, and they can still be copied.
  const facts = [
    ['expected', expected],
    ['found', got],
    ['cure', cure],
  ].flatMap(([label = '', text]) =>
    text === undefined ? [] : [`  ${paint('dim', label.padEnd(8))}  ${printable(text)}`],
  );
  return [head, ...wrapped(printable(message), width - 2).map((part) => `  ${part}`), ...source, ...facts, ''].join(
    '\n',
  );
}

type Frame = Pick<Showing, 'paint' | 'width'>;

function sourceLines(row: string, at: { line: number; column: number }, { paint, width }: Frame): readonly string[] {
  const number = String(at.line).padStart(5);
  const room = Math.max(20, width - number.length - 3);
  const text = printable(row);
  // A blank is hard to point at: the caret goes to what stands behind it.
  const blanks = /^ */.exec(text.slice(at.column - 1))?.[0].length ?? 0;
  const caret = at.column - 1 + (at.column - 1 + blanks < text.length ? blanks : 0);
  const from = caret < room ? 0 : caret - Math.floor(room / 2);
  const part = text.slice(from, from + room);
  const cut = `${from > 0 ? '…' : ''}${part.slice(from > 0 ? 1 : 0)}`;
  const shown = from + room < text.length ? `${cut.slice(0, -1)}…` : cut;
  return [
    `${paint('dim', `${number} |`)} ${shown}`,
    `${' '.repeat(number.length)} ${paint('dim', '|')} ${' '.repeat(caret - from)}${paint('red', '^')}`,
  ];
}

/** Broken between words; a longer word stays whole. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** What a file says must not steer the terminal; each control character is one blank, so that columns stay. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, ' ');
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
