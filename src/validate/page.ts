// The page of a rule: what it proves, why, a bad and a good example. docs/rules/ is made from here.
import type { Rule } from './rule.ts';

/** Markdown, ending in a newline. */
export function pageOf({ id, title, severity, breaks, page }: Rule): string {
  return [
    `# ${id}: ${title}`,
    '',
    `${severity === 'error' ? 'Error' : 'Warning'}; what breaks at the latest: ${breaks}.`,
    '',
    `**Proves:** ${page.proves}`,
    '',
    `**Why:** ${page.why}`,
    '',
    '## Bad',
    '',
    fence(page.bad),
    '',
    '## Good',
    '',
    fence(page.good),
    '',
  ].join('\n');
}

function fence(text: string): string {
  return ['```', text, '```'].join('\n');
}
