// A clock that stands still until somebody sleeps, and then jumps to the end of the sleep.
import { Fault } from '../../src/fault.ts';
import type { Clock } from '../../src/world/clock.ts';

export interface FakeClock extends Clock {
  pass(ms: number): void;
}

export function fakeClock(start = Date.UTC(2026, 10, 23, 20)): FakeClock {
  let passed = 0;
  return {
    now: () => start + passed,
    monotonic: () => passed,
    sleep: async (ms, signal) => {
      if (signal?.aborted === true) throw new Fault('aborted', 'the wait was interrupted');
      passed += ms;
      // Lets whatever else is ready run first, as a real timer would.
      await new Promise((resolve) => setImmediate(resolve));
    },
    pass: (ms) => {
      passed += ms;
    },
  };
}
