// Evidence as one Markdown page for a job summary, never larger than GitHub takes.
import type { Evidence } from '../documents/evidence.ts';
import {
  checklistSection,
  failuresSection,
  findingsSection,
  headline,
  imagesSection,
  servicesSection,
  wavesSection,
  type Section,
} from './sections.ts';

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits: 1 MiB per step, less some room for what else the step says. */
export const MOST_BYTES = 1_000_000;

/** Logs give way first: their end says most, and the evidence has them in full. */
const LOG_LINES = [200, 100, 50, 20, 5, 0];
const LEFT_OUT = '_The rest did not fit; evidence.json has it all._';

export function renderMarkdown(evidence: Evidence): string {
  for (const lines of LOG_LINES) {
    const page = join(sectionsOf(evidence, lines));
    if (sizeOf(page) <= MOST_BYTES) return page;
  }
  return cut(sectionsOf(evidence, 0));
}

function sectionsOf(evidence: Evidence, logLines: number): readonly Section[] {
  const sections = [
    headline(evidence),
    checklistSection(evidence),
    failuresSection(evidence, logLines),
    servicesSection(evidence),
    wavesSection(evidence),
    imagesSection(evidence),
    findingsSection(evidence),
  ];
  return sections.filter((section) => section.length > 0);
}

/** Whole lines from the top as long as they fit; a fence that was opened is closed. */
function cut(sections: readonly Section[]): string {
  const kept: string[] = [];
  let left = MOST_BYTES - sizeOf(LEFT_OUT) - FENCE_BYTES;
  for (const line of join(sections).split('\n')) {
    left -= sizeOf(line) + 1;
    if (left < 0) break;
    kept.push(line);
  }
  const open = kept.filter((line) => line.startsWith('```')).length % 2 === 1;
  return [...kept, ...(open ? ['```'] : []), '', LEFT_OUT, ''].join('\n');
}

const FENCE_BYTES = 8;

function join(sections: readonly Section[]): string {
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
