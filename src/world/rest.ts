// A wait that may end early: the signal is an answer here, not an interruption.
import type { Clock } from './clock.ts';

/** Resolves after `ms`, or as soon as the signal fires. */
export async function rest(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
