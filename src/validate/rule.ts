// What a rule is: what it proves, its page for people, and the pure function that looks for breaches.
import type { Finding } from '../documents/findings.ts';
import type { Place } from '../images/dockerfile-instruction.ts';
import type { FleetSubject, ImageSubject, LockSubject } from './subject.ts';

export type Severity = Finding['severity'];
export type Breaks = Finding['breaks'];

/** One breach; the rule's number, severity and the file are added where rules are run. */
export interface Sighting extends Place {
  readonly message: string;
  readonly expected?: string;
  readonly got?: string;
  readonly cure: string;
  readonly fix?: { readonly line: number; readonly endLine: number; readonly replacement: string };
  /** Where this breach is milder or harder than the rule's own. */
  readonly severity?: Severity;
  readonly breaks?: Breaks;
  /** Only for fleet rules and for a breach that shows in another file. */
  readonly file?: string;
}

interface Head {
  /** `RA302`. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly breaks: Breaks;
  readonly page: Page;
}

export interface Page {
  /** One sentence: what holds when there is no finding. */
  readonly proves: string;
  readonly why: string;
  readonly bad: string;
  readonly good: string;
}

export interface ImageRule extends Head {
  readonly on: 'image';
  /** Rules for services leave base images alone. */
  readonly holds: 'all' | 'services';
  readonly check: (image: ImageSubject) => readonly Sighting[];
}

export interface LockRule extends Head {
  readonly on: 'lock';
  readonly check: (lock: LockSubject) => readonly Sighting[];
}

export interface FleetRule extends Head {
  readonly on: 'fleet';
  readonly check: (fleet: FleetSubject) => readonly Sighting[];
}

/** Checked where ignores are applied, not by a function over one subject. */
export interface DirectiveRule extends Head {
  readonly on: 'directive';
}

export type Rule = ImageRule | LockRule | FleetRule | DirectiveRule;

/** The place of something, without what else it carries. */
export function at({ line, endLine, column }: Place): Place {
  return { line, endLine, column };
}
