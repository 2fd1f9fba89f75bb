// Time: the wall clock, a clock that never jumps, and waiting with a way out.
import { setTimeout as wait } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import { LONGEST_TIMER_MS } from './timer.ts';

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds on a clock that never goes back. Only differences mean something. */
  monotonic(): number;
  /** Resolves after `ms`; throws Fault `aborted` when the signal fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      let left = ms;
      do {
        await wait(Math.min(left, LONGEST_TIMER_MS), undefined, signal === undefined ? {} : { signal });
        left -= LONGEST_TIMER_MS;
      } while (left > 0);
    } catch (cause) {
      throw new Fault('aborted', 'the wait was interrupted', { cause });
    }
  },
};

/** `2026-11-23T20:15:00.000Z` for a wall clock time. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
