// The documents of one rollout, as far as they exist, and the refusal to draw those of two rollouts together.
import type { FleetCutover } from '../documents/cutover.ts';
import type { Findings } from '../documents/findings.ts';
import type { Deployment } from '../documents/fleet.ts';
import type { Plan } from '../documents/plan.ts';
import type { Release } from '../documents/release.ts';
import type { Publication, Verification } from '../documents/verification.ts';
import { Fault } from '../fault.ts';

export interface Documents {
  readonly findings?: Findings | undefined;
  readonly plan?: Plan | undefined;
  readonly release?: Release | undefined;
  readonly verification?: Verification | undefined;
  readonly publication?: Publication | undefined;
  readonly fleet?: FleetCutover | undefined;
}

/** What is said of a rollout that ended before its plan. */
const UNKNOWN = 'unknown';

/** The tag all documents agree on. Throws Fault `document` when they do not. */
export function tagOf({ plan, release, verification, publication, fleet }: Documents): string {
  const tagged = Object.entries({ plan, release, verification, publication, fleet });
  const tags = tagged.flatMap(([name, document]) => (document === undefined ? [] : [{ name, tag: document.tag }]));
  const [first] = tags;
  if (first === undefined) return UNKNOWN;
  if (tags.every(({ tag }) => tag === first.tag)) return first.tag;
  throw new Fault('document', 'these documents are of different rollouts', {
    expected: `${first.tag}, as in ${first.name}`,
    found: tags.map(({ name, tag }) => `${name}: ${tag}`).join(', '),
    cure: 'give the documents of one rollout',
  });
}

export function revisionOf({ plan, release }: Documents): string {
  return release?.revision ?? plan?.revision ?? UNKNOWN;
}

export function deploymentOf({ plan, release }: Documents): Deployment | undefined {
  return release?.deployment ?? plan?.deployment;
}
