// How a measurement becomes a published figure.
import { describe, expect, it } from 'vitest';
import { median, publish, type Measured } from '../../../bench/figure.ts';

const MEASURED: Measured = { figure: 'time', unit: 'ms', ours: 30, peers: { slow: 90, quick: 20 }, samples: {} };

describe('a published figure', () => {
  it('sets ours against the best peer', () => {
    expect(publish(MEASURED).ratio).toBe(1.5);
    expect(publish({ ...MEASURED, better: 'higher' }).ratio).toBeCloseTo(1 / 3);
  });

  it('has neither goal nor verdict when none was set', () => {
    expect(publish(MEASURED)).toMatchObject({ goal: null, met: null });
  });

  it.each([
    [{ atMost: 30, of: 'ours' }, true],
    [{ atMost: 29.9, of: 'ours' }, false],
    [{ atLeast: 30, of: 'ours' }, true],
    [{ atLeast: 30.1, of: 'ours' }, false],
    [{ atMost: 1.5, of: 'ratio' }, true],
    [{ atMost: 1.4, of: 'ratio' }, false],
  ] as const)('holds %j against it: %s', (goal, met) => {
    expect(publish({ ...MEASURED, goal }).met).toBe(met);
  });

  it('misses a goal on a ratio when there was no peer', () => {
    const { peers: _, ...alone } = MEASURED;
    expect(publish({ ...alone, goal: { atMost: 2, of: 'ratio' } })).toMatchObject({ ratio: null, met: false });
  });

  it('misses a goal with a value that is no number', () => {
    expect(publish({ ...MEASURED, ours: NaN, goal: { atMost: 2, of: 'ours' } }).met).toBe(false);
  });

  it('refuses a goal without a bound', () => {
    expect(() => publish({ ...MEASURED, goal: { of: 'ours' } })).toThrow('atMost or atLeast');
  });
});

describe('a median', () => {
  it('is the middle sample, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 3])).toBe(4);
  });

  it('needs a sample', () => {
    expect(() => median([])).toThrow('at least one');
  });
});
