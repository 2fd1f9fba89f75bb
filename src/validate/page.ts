// The page of a rule: what it proves, why, a bad and a good example. docs/rules/ is made from here.
import { CONFIG_RULES } from '../config/rules.ts';
import type { Rule } from './rule.ts';
import { RULES } from './rules.ts';

/** The pages of all rules by number: those of rollout.yml (RC…) and those of what is built (RA…). Markdown, ending in a newline. */
export const PAGES: ReadonlyMap<string, string> = new Map([
  ...RULES.map((rule) => [rule.id, pageOf(rule)] as const),
  ...Object.entries(CONFIG_RULES).map(([id, rule]) => [id, configPage(id, rule)] as const),
]);

/** The numbers that begin most like the one written, the nearest first; none where not even the letters fit. */
export function nearestRules(written: string): readonly string[] {
  const wanted = written.toUpperCase();
  const ranked = [...PAGES.keys()]
    .map((id) => ({ id, shared: sharedStart(id, wanted), far: Math.abs(numberOf(id) - numberOf(wanted)) }))
    .filter(({ shared }) => shared >= LETTERS)
    .toSorted((a, b) => b.shared - a.shared || a.far - b.far);
  return ranked.slice(0, MOST_NEAR).map(({ id }) => id);
}

const LETTERS = 'RA'.length;
const MOST_NEAR = 5;

function sharedStart(a: string, b: string): number {
  const first = [...a].findIndex((char, index) => char !== b.charAt(index));
  return first < 0 ? a.length : first;
}

function numberOf(id: string): number {
  return Number(/\d+/.exec(id)?.[0] ?? 0);
}

function pageOf({ id, title, severity, breaks, page }: Rule): string {
  return pageText({
    title: `${id}: ${title}`,
    kind: `${severity === 'error' ? 'Error' : 'Warning'}; what breaks at the latest: ${breaks}.`,
    paragraphs: [
      ['Proves', page.proves],
      ['Why', page.why],
    ],
    ...{ bad: page.bad, good: page.good },
  });
}

type ConfigRule = (typeof CONFIG_RULES)[keyof typeof CONFIG_RULES];

function configPage(id: string, { title, severity, why, cure, bad, good }: ConfigRule): string {
  return pageText({
    title: `${id}: ${title.charAt(0).toUpperCase()}${title.slice(1)}`,
    kind: `${severity === 'error' ? 'Error' : 'Warning'} of rollout.yml, or of a file that it names.`,
    paragraphs: [
      ['Why', why],
      ['Cure', cure],
    ],
    ...{ bad, good },
  });
}

interface PageText {
  readonly title: string;
  readonly kind: string;
  readonly paragraphs: readonly (readonly [label: string, text: string])[];
  readonly bad: string;
  readonly good: string;
}

function pageText({ title, kind, paragraphs, bad, good }: PageText): string {
  const told = paragraphs.flatMap(([label, text]) => [`**${label}:** ${text}`, '']);
  return [`# ${title}`, '', kind, '', ...told, '## Bad', '', fence(bad), '', '## Good', '', fence(good), ''].join('\n');
}

function fence(text: string): string {
  return ['```', text, '```'].join('\n');
}
