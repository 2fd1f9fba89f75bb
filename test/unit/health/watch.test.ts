import { describe, expect, it } from 'vitest';
import { gate, soak, type Subject } from '../../../src/health/watch.ts';
import type { ProbeResult } from '../../../src/health/probe.ts';
import { fakeClock } from '../../fakes/clock.ts';

const POLICY = { minHealthyTimeMs: 2_000, healthyDeadlineMs: 10_000 };
const OK: ProbeResult = { kind: 'success', status: 200 };
const REFUSED: ProbeResult = { kind: 'failure', reason: 'refused' };

function subject(
  answers: (attempt: number) => ProbeResult,
  loseAt?: number,
): Subject & { readonly asked: () => number } {
  let attempt = 0;
  let lose: (reason: string) => void = () => undefined;
  return {
    asked: () => attempt,
    probe: async () => {
      attempt += 1;
      if (attempt === loseAt) lose('it exited with 137');
      return answers(attempt);
    },
    onLost: (listener) => {
      lose = listener;
      return () => undefined;
    },
  };
}

describe('gate', () => {
  it('asks every 250 ms until the first success and every second after it', async () => {
    const clock = fakeClock();
    const result = await gate(
      clock,
      subject((n) => (n <= 4 ? REFUSED : OK)),
      POLICY,
      undefined,
    );
    expect(result).toMatchObject({ verdict: 'healthy', attempts: 9, firstHealthyMs: 1_000 });
    expect(clock.monotonic()).toBe(5_000);
  });

  it('ends at the deadline when nobody answers', async () => {
    const clock = fakeClock();
    const result = await gate(
      clock,
      subject(() => REFUSED),
      POLICY,
      undefined,
    );
    expect(result).toMatchObject({ verdict: 'unhealthy' });
    expect(clock.monotonic()).toBeLessThanOrEqual(POLICY.healthyDeadlineMs + 250);
  });

  it('ends at once when the container is lost', async () => {
    const clock = fakeClock();
    const lost = subject(() => REFUSED, 2);
    expect(await gate(clock, lost, POLICY, undefined)).toMatchObject({
      verdict: 'unhealthy',
      reason: 'it exited with 137',
    });
    expect(lost.asked()).toBe(2);
  });

  it('throws aborted when the signal fires', async () => {
    const signal = AbortSignal.abort();
    await expect(
      gate(
        fakeClock(),
        subject(() => REFUSED),
        POLICY,
        signal,
      ),
    ).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('soak', () => {
  it('lasts its time when every probe is answered', async () => {
    const clock = fakeClock();
    expect(
      await soak(
        clock,
        subject(() => OK),
        3_000,
        undefined,
      ),
    ).toBeUndefined();
    expect(clock.monotonic()).toBe(3_000);
  });

  it('forgives one failure and ends at the second in a row', async () => {
    expect(
      await soak(
        fakeClock(),
        subject((n) => (n === 2 ? REFUSED : OK)),
        5_000,
        undefined,
      ),
    ).toBeUndefined();
    expect(
      await soak(
        fakeClock(),
        subject((n) => (n >= 3 ? REFUSED : OK)),
        9_000,
        undefined,
      ),
    ).toBe('refused');
  });

  it('ends at once when the container is lost', async () => {
    const clock = fakeClock();
    expect(
      await soak(
        clock,
        subject(() => OK, 2),
        60_000,
        undefined,
      ),
    ).toBe('it exited with 137');
    expect(clock.monotonic()).toBeLessThanOrEqual(2_000);
  });
});
