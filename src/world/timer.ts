// A timer for any number of milliseconds: Node's own fires at once for more than 24 days, and a deadline would be one of now.

export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls `act` after `ms`, at the latest after 24 days; returns what calls it off. */
export function startTimer(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, Math.min(ms, LONGEST_TIMER_MS));
  return () => clearTimeout(timer);
}
