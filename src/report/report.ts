// Report: the documents of one rollout become its evidence, its checklist answered, and a page for people.
import type { Evidence } from '../documents/evidence.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { checklist } from './checklist.ts';
import { revisionOf, tagOf, type Documents } from './documents.ts';
import { renderMarkdown } from './markdown.ts';

export interface ReportRequest extends Documents {
  /** ISO 8601 in UTC. */
  readonly createdAt: string;
}

export interface Report {
  readonly evidence: Evidence;
  /** Markdown, at most MOST_BYTES. */
  readonly summary: string;
}

/** Draws the documents together. Throws Fault `document` when they are of different rollouts. */
export function report({ createdAt, ...documents }: ReportRequest): Report {
  const evidence: Evidence = {
    schema: 'rollout/evidence',
    version: 1,
    createdAt,
    tag: tagOf(documents),
    revision: revisionOf(documents),
    checklist: checklist(documents),
    ...present(documents),
  };
  return { evidence, summary: renderMarkdown(evidence) };
}

/** How the rollout ended counts first; then what could not be answered with yes. */
export function reportExitCode({ fleet, checklist: items }: Evidence): ExitCode {
  if (fleet?.outcome === 'rolled-back') return EXIT.rolledBack;
  if (fleet?.outcome === 'degraded') return EXIT.degraded;
  if (fleet?.outcome === 'aborted') return EXIT.aborted;
  const verdicts = items.map(({ verdict }) => verdict);
  if (verdicts.includes('no') || fleet?.outcome === 'failed') return EXIT.failed;
  return verdicts.includes('unknown') ? EXIT.unknown : EXIT.done;
}

/** An absent document is absent, not an undefined one: the evidence is JSON. */
function present({ findings, plan, release, verification, publication, fleet }: Documents): Partial<Evidence> {
  return {
    ...(findings === undefined ? {} : { findings }),
    ...(plan === undefined ? {} : { plan }),
    ...(release === undefined ? {} : { release }),
    ...(verification === undefined ? {} : { verification }),
    ...(publication === undefined ? {} : { publication }),
    ...(fleet === undefined ? {} : { fleet }),
  };
}
