// The acceptance checklist for a terminal.
import type { ChecklistItem, Evidence } from '../documents/evidence.ts';
import { plain } from './escape.ts';

export type Paint = (style: 'green' | 'red' | 'yellow' | 'dim' | 'bold', text: string) => string;

const MARKS = {
  yes: ['green', '✓'],
  no: ['red', '✗'],
  unknown: ['yellow', '?'],
  'not-applicable': ['dim', '-'],
} as const satisfies Record<ChecklistItem['verdict'], readonly [Parameters<Paint>[0], string]>;

/** A heading, then each question with its mark and its reasons. */
export function renderText({ tag, fleet, checklist }: Evidence, paint: Paint): string {
  const outcome = fleet === undefined ? '' : `: ${fleet.outcome}`;
  const items = checklist.flatMap(({ verdict, title, because }) => {
    const [style, sign] = MARKS[verdict];
    const reasons = because.flatMap((reason) => plain(reason).split('\n'));
    return [`${paint(style, sign)} ${title}`, ...reasons.map((line) => paint('dim', `    ${line}`))];
  });
  return [paint('bold', `release ${tag}${outcome}`), ...items].join('\n');
}
