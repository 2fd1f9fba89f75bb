// One try at a question: settled for good, or worth asking again, and for how long that may go on.
import type { Refusal } from '../images/source.ts';

export type Attempt<T> =
  { readonly kind: 'settled'; readonly value: T } | { readonly kind: 'refused'; readonly refusal: Refusal } | Again;

export interface Again {
  readonly kind: 'again';
  /** What it comes to when asking again is over. */
  readonly otherwise: Refusal;
  /** wait: the registry or the network is busy, until the deadline. few: a doubtful answer that may be a passing one. */
  readonly patience: 'wait' | 'few';
  /** Milliseconds the registry asked to wait. */
  readonly toldMs?: number | undefined;
}

export function settled<T>(value: T): Attempt<T> {
  return { kind: 'settled', value };
}

/** A passing trouble: ask until the deadline. */
export function busy(message: string, toldMs?: number): Again {
  return { kind: 'again', otherwise: { kind: 'unknown', message }, patience: 'wait', toldMs };
}

/** An answer that can't be right: ask a few times, then say unknown. */
export function doubtful(message: string): Again {
  return { kind: 'again', otherwise: { kind: 'unknown', message }, patience: 'few' };
}

export function refused<T>(refusal: Refusal): Attempt<T> {
  return { kind: 'refused', refusal };
}
