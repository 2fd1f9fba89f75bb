import { describe, expect, test } from 'vitest';
import { parseGoDuration, pauseMs, toldWait } from '../../../src/registry/wait.ts';
import { error, START, text } from '../../fakes/registry.ts';

describe('how long to wait', () => {
  test.each([
    ['617.7µs', 0.6177],
    ['617.7\u03bcs', 0.6177],
    ['1m30.5s', 90_500],
    ['2h', 7_200_000],
    ['350ms', 350],
    ['10us', 0.01],
    ['5', undefined],
    ['1m30', undefined],
    ['soon', undefined],
  ])('a Go duration %s', (written, ms) => {
    const read = parseGoDuration(written);
    if (ms === undefined) expect(read).toBeUndefined();
    else expect(read).toBeCloseTo(ms, 6);
  });

  test('Retry-After in seconds, as a date, and as Go writes it', () => {
    expect(toldWait(text(429, '', { 'retry-after': '7' }), START)).toBe(7_000);
    const date = new Date(START + 5_000).toUTCString();
    expect(toldWait(text(503, '', { 'retry-after': date }), START)).toBe(5_000);
    expect(toldWait(text(503, '', { 'retry-after': new Date(START - 5_000).toUTCString() }), START)).toBe(0);
    expect(toldWait(text(429, '', { 'retry-after': '1.5s' }), START)).toBe(1_500);
    expect(toldWait(text(429, '', { 'retry-after': '2001' }), START)).toBe(2_001_000);
  });

  test('a Go duration inside the message', () => {
    const answer = error(429, 'TOOMANYREQUESTS', 'retry-after: 617.7µs, allowed: 44000/minute');
    expect(toldWait(answer, START)).toBeCloseTo(0.6177, 6);
    expect(toldWait(error(429, 'TOOMANYREQUESTS', 'slow down'), START)).toBeUndefined();
  });

  test('pauses double up to a bound and are jittered between half and all', () => {
    expect([1, 2, 3].map((tries) => pauseMs(tries, 0))).toEqual([125, 250, 500]);
    expect(pauseMs(1, 0.999)).toBeLessThan(250);
    expect(pauseMs(1_000, 0)).toBe(7_500);
  });
});
