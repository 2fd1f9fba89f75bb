import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasMoved, nextState, type Direction, type StepEnd } from '../../../src/cutover/host-machine.ts';
import { inOrder } from '../../../src/cutover/host-order.ts';
import { outdated } from '../../../src/cutover/host-retention.ts';
import type { ServiceState } from '../../../src/documents/cutover.ts';
import { isTerminal } from '../../../src/journal/replay.ts';
import { releaseRecord } from '../../fakes/deployment.ts';

const ENDS: readonly StepEnd[] = ['done', 'unchanged', 'failed', 'aborted'];

function walk(direction: Direction, ends: readonly StepEnd[]): readonly ServiceState[] {
  const path: ServiceState[] = ['Pending'];
  for (const end of ends) {
    const next =
      nextState(path.at(-1)!, end, direction) ??
      (isTerminal(path.at(-1)!) ? undefined : nextState(path.at(-1)!, 'done', direction));
    if (next === undefined) break;
    path.push(next);
  }
  return path;
}

describe('the states of one service', () => {
  const table: readonly [ServiceState, StepEnd, ServiceState][] = [
    ['Preflight', 'unchanged', 'Succeeded'],
    ['Preflight', 'failed', 'Failed'],
    ['Preparing', 'aborted', 'Failed'],
    ['Starting', 'failed', 'RollingBack'],
    ['Verifying', 'aborted', 'RollingBack'],
    ['Soaking', 'failed', 'RollingBack'],
    ['Soaking', 'done', 'Finalising'],
    ['Finalising', 'failed', 'Succeeded'],
    ['RollingBack', 'done', 'RolledBack'],
    ['RollingBack', 'failed', 'Degraded'],
  ];
  it.each(table)('%s and %s: %s', (state, end, next) => {
    expect(nextState(state, end, 'forward')).toBe(next);
  });

  it('come to an end within twelve steps, whatever happens in whatever order', () => {
    const any = fc.array(fc.constantFrom(...ENDS), { minLength: 12, maxLength: 20 });
    fc.assert(
      fc.property(fc.constantFrom<Direction>('forward', 'return'), any, (direction, ends) => {
        expect(isTerminal(walk(direction, ends).at(-1)!)).toBe(true);
      }),
    );
  });

  it('never reach Succeeded with a new container that no gate let through, and never leave Finalising for the way back', () => {
    const any = fc.array(fc.constantFrom(...ENDS), { maxLength: 20 });
    fc.assert(
      fc.property(any, (ends) => {
        const path = walk('forward', ends);
        if (path.at(-1) === 'Succeeded' && path.includes('Starting')) {
          for (const needed of ['Verifying', 'Promoting', 'Soaking', 'Finalising'] as const)
            expect(path).toContain(needed);
        }
        if (path.includes('Finalising')) expect(path).not.toContain('RollingBack');
      }),
    );
  });

  it('lead back from every state in which traffic may have moved, and from no other', () => {
    for (const state of [
      'Pending',
      'Preflight',
      'Preparing',
      'Starting',
      'Verifying',
      'Promoting',
      'Soaking',
    ] as const) {
      expect(nextState(state, 'aborted', 'forward')).toBe(hasMoved(state) ? 'RollingBack' : 'Failed');
    }
  });

  it('are terminal where nothing leads on', () => {
    for (const state of ['Succeeded', 'Failed', 'RolledBack', 'Degraded'] as const) {
      for (const end of ENDS) expect(nextState(state, end, 'forward')).toBeUndefined();
    }
  });

  it('never roll a way back back', () => {
    for (const state of ['Preparing', 'Starting', 'Verifying'] as const) {
      expect(nextState(state, 'failed', 'return')).toBe('Degraded');
    }
  });
});

describe('the order', () => {
  const needs: Record<string, string[]> = { c: ['a', 'b'], d: ['c'] };
  const after = (item: string): string[] => needs[item] ?? [];

  async function trace(items: string[], atOnce: number, stopAfter?: string): Promise<{ log: string[]; most: number }> {
    const log: string[] = [];
    let running = 0;
    let most = 0;
    await inOrder(
      items,
      { atOnce, after, stopped: () => stopAfter !== undefined && log.includes(`-${stopAfter}`) },
      async (item) => {
        log.push(`+${item}`);
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setTimeout(resolve, 2));
        running -= 1;
        log.push(`-${item}`);
      },
    );
    return { log, most };
  }

  it('begins a service when what it needs has ended, and not before', async () => {
    const { log } = await trace(['d', 'c', 'b', 'a'], 4);
    expect(log.indexOf('+c')).toBeGreaterThan(Math.max(log.indexOf('-a'), log.indexOf('-b')));
    expect(log.indexOf('+d')).toBeGreaterThan(log.indexOf('-c'));
  });

  it('runs no more at once than allowed', async () => {
    expect((await trace(['a', 'b', 'e', 'f', 'g'], 2)).most).toBe(2);
  });

  it('begins nothing more once it is stopped, and lets end what runs', async () => {
    const { log } = await trace(['a', 'b', 'c', 'd'], 1, 'a');
    expect(log).toEqual(['+a', '-a']);
  });

  it('does not wait for ever for services that need each other', async () => {
    const circle = (item: string): string[] => (item === 'x' ? ['y'] : ['x']);
    const done: string[] = [];
    await inOrder(['x', 'y'], { atOnce: 2, after: circle, stopped: () => false }, async (item) => void done.push(item));
    expect(done).toEqual(['x', 'y']);
  });
});

describe('retention', () => {
  const former = ['r4', 'r3', 'r2', 'r1'].map(releaseRecord);
  const gone = (current: string, keep: number): string[] =>
    outdated(current, former, keep).map(({ deployment }) => deployment);

  it('keeps as many former releases as the policy says, and never none', () => {
    expect(gone('r5', 2)).toEqual(['r2', 'r1']);
    expect(gone('r5', 0)).toEqual(['r3', 'r2', 'r1']);
    expect(gone('r5', 9)).toEqual([]);
  });

  it('counts by digest: an old release whose image runs again is kept', () => {
    const current = releaseRecord('r1').pin.digest;
    expect(gone(current, 1)).toEqual(['r3', 'r2']);
  });
});
