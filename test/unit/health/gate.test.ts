import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginGate, gateResult, nextGate, type GateState, type Observation } from '../../../src/health/gate.ts';

const POLICY = { minHealthyTimeMs: 2_000, healthyDeadlineMs: 30_000 };
const ok = (at: number): Observation => ({ kind: 'success', at, status: 200, body: '{"status":"ok"}' });
const bad = (at: number): Observation => ({
  kind: 'failure',
  at,
  reason: 'expected status 200, found 503',
  status: 503,
});
const blind = (at: number): Observation => ({ kind: 'blind', at, reason: 'EHOSTUNREACH' });
const lost = (at: number): Observation => ({ kind: 'lost', at, reason: 'it exited with 1' });
const tick = (at: number): Observation => ({ kind: 'tick', at });

function run(observations: readonly Observation[], policy = POLICY): GateState {
  return observations.reduce((state, seen) => nextGate(state, seen, policy), beginGate(0));
}

describe('the gate', () => {
  const table: readonly [string, readonly Observation[], GateState['verdict']][] = [
    [
      'is open for a container that answers three times and holds',
      [ok(250), ok(1250), ok(2250), ok(3250), ok(4250)],
      'healthy',
    ],
    ['waits out min-healthy-time after the third success', [ok(250), ok(1250), ok(2250), ok(3250)], undefined],
    ['needs three successes in a row', [ok(250), ok(1250), bad(2250), ok(3250), ok(4250), tick(8000)], undefined],
    ['counts failures before the first success against the deadline only', [bad(1), bad(2), bad(3), bad(4)], undefined],
    ['closes after two failures in a row once it was healthy', [ok(1), bad(1001), bad(2001)], 'unhealthy'],
    [
      'forgives one failure, and begins the count anew',
      [ok(1), ok(2), ok(3), bad(4), ok(5), ok(6), ok(7), ok(1900)],
      undefined,
    ],
    ['closes at once when the container is lost, even while booting', [lost(10)], 'unhealthy'],
    ['closes at once when the container is lost while it holds', [ok(1), ok(2), ok(3), lost(4)], 'unhealthy'],
    ['closes at the deadline', [bad(1), bad(15_000), bad(30_001)], 'unhealthy'],
    ['closes at the deadline by time alone', [bad(1), tick(30_001)], 'unhealthy'],
    ['is inconclusive when no probe ever reached anybody', [blind(1), blind(2), tick(30_001)], 'inconclusive'],
    [
      'is unhealthy, not inconclusive, when one probe was answered wrongly',
      [blind(1), bad(2), tick(30_001)],
      'unhealthy',
    ],
    ['never changes a verdict', [lost(1), ok(2), ok(3), ok(4), ok(9_000)], 'unhealthy'],
  ];
  it.each(table)('%s', (_fact, observations, verdict) => {
    expect(run(observations).verdict).toBe(verdict);
  });

  it('reports the first good answer, the attempts and the last words', () => {
    const result = gateResult(run([bad(250), ok(500), ok(1500), ok(2500), ok(4500)]));
    expect(result).toMatchObject({ verdict: 'healthy', attempts: 5, firstHealthyMs: 500, lastStatus: 200 });
    expect(gateResult(run([bad(1), lost(2)]))).toMatchObject({
      verdict: 'unhealthy',
      reason: 'it exited with 1',
      lastStatus: 503,
    });
  });

  it('has min-healthy-time 0 satisfied by the third success itself', () => {
    expect(run([ok(1), ok(2), ok(3)], { ...POLICY, minHealthyTimeMs: 0 }).verdict).toBe('healthy');
  });
});

describe('the gate, whatever it sees', () => {
  const kinds = fc.constantFrom(ok, bad, blind, lost, tick);
  const story = fc.array(fc.tuple(kinds, fc.integer({ min: 0, max: 3_000 })), { maxLength: 60 }).map((steps) => {
    let at = 0;
    return steps.map(([make, wait]) => make((at += wait)));
  });

  it('is never healthy without an unbroken run of at least three successes that spans min-healthy-time', () => {
    fc.assert(
      fc.property(story, (observations) => {
        const deciding = observations.findIndex((_, at) => run(observations.slice(0, at + 1)).verdict === 'healthy');
        if (deciding === -1) return;
        const before = observations.slice(0, deciding + 1);
        const lastBad = before.findLastIndex((seen) => seen.kind === 'failure' || seen.kind === 'blind');
        const good = before.slice(lastBad + 1).filter((seen) => seen.kind === 'success');
        const third = good[2]?.at ?? Number.NaN;
        expect(good.length).toBeGreaterThanOrEqual(3);
        expect(before.at(-1)!.at - third).toBeGreaterThanOrEqual(POLICY.minHealthyTimeMs);
        expect(before.some((seen) => seen.kind === 'lost')).toBe(false);
      }),
    );
  });

  it('has a verdict once the deadline is past', () => {
    fc.assert(
      fc.property(story, (observations) => {
        const end = (observations.at(-1)?.at ?? 0) + POLICY.healthyDeadlineMs + 1;
        expect(run([...observations, tick(end)]).verdict).toBeDefined();
      }),
    );
  });
});
