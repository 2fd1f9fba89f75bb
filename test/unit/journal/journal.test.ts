import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../../src/journal/event.ts';
import { openJournal, readHistory } from '../../../src/journal/journal.ts';
import { readLines, toLine } from '../../../src/journal/lines.ts';
import { replay } from '../../../src/journal/replay.ts';
import { fakeWorld } from '../../fakes/world.ts';
import { pinOf, releaseRecord } from '../../fakes/deployment.ts';

const event = (sequence: number, rest: Partial<JournalEvent> = {}): JournalEvent => ({
  sequence,
  deployment: 'r1',
  state: 'Pending',
  kind: 'note',
  act: 'enter',
  at: '2026-11-23T20:00:00.000Z',
  monotonicMs: sequence,
  facts: {},
  ...rest,
});

describe('the lines', () => {
  it('read back as they were written', () => {
    const events = [event(1), event(2, { facts: { message: 'ü\n"x"', release: releaseRecord('r1') } })];
    expect(readLines(events.map(toLine).join(''), 'j').events).toEqual(events);
  });

  it('survive a cut at any byte: what is whole before the cut is kept, nothing else', () => {
    const events = [event(1), event(2, { facts: { message: 'zwölf' } }), event(3)];
    const bytes = Buffer.from(events.map(toLine).join(''));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length }), (at) => {
        const { events: read, whole } = readLines(bytes.subarray(0, at).toString('utf8'), 'j');
        expect(read).toEqual(events.slice(0, read.length));
        expect(whole).toBe(read.map(toLine).join(''));
      }),
    );
  });

  it('of which one in the middle was changed are refused, with its number', () => {
    const lines = [event(1), event(2), event(3)].map(toLine);
    const changed = [lines[0], lines[1]?.replace('r1', 'r9'), lines[2]].join('');
    expect(() => readLines(changed, '/state/web/journal.jsonl')).toThrow(
      expect.objectContaining({
        code: 'host',
        detail: expect.objectContaining({ where: '/state/web/journal.jsonl:2' }),
      }),
    );
  });
});

describe('a journal', () => {
  it('writes the intent before the act and done after it, with what the act found out', async () => {
    const world = fakeWorld();
    const journal = await openJournal(world, '/state', 'web');
    const order: string[] = [];
    await journal.act(
      { deployment: 'r1', state: 'Starting', act: 'start-new' },
      async () => {
        order.push(...(await readHistoryKinds(world)));
        return 'abc';
      },
      (to) => ({ to }),
    );
    expect(order).toEqual(['intent']);
    expect(journal.events().map(({ kind, facts }) => [kind, facts.to])).toEqual([
      ['intent', undefined],
      ['done', 'abc'],
    ]);
  });

  it('leaves the intent standing when the act throws', async () => {
    const world = fakeWorld();
    const journal = await openJournal(world, '/state', 'web');
    const failing = journal.act({ deployment: 'r1', state: 'Starting', act: 'x' }, () =>
      Promise.reject(new Error('no')),
    );
    await expect(failing).rejects.toThrow('no');
    expect(journal.events().map(({ kind }) => kind)).toEqual(['intent']);
  });

  it('drops a torn tail before it appends, and counts on', async () => {
    const world = fakeWorld({ '/state/web/journal.jsonl': `${toLine(event(1))}{"length":3` });
    const journal = await openJournal(world, '/state', 'web');
    await journal.append({ deployment: 'r1', state: 'Preflight', kind: 'note', act: 'enter' });
    const again = await openJournal(world, '/state', 'web');
    expect(again.events().map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it('is not made by looking', async () => {
    const world = fakeWorld();
    expect(await readHistory(world, '/state', 'web')).toBeUndefined();
    expect(await world.files.readText('/state/web/journal.jsonl')).toBeUndefined();
  });

  async function readHistoryKinds(world: ReturnType<typeof fakeWorld>): Promise<string[]> {
    const text = (await world.files.readText('/state/web/journal.jsonl')) ?? '';
    return readLines(text, 'j').events.map(({ kind }) => kind);
  }
});

describe('replay', () => {
  const story = (...steps: Partial<JournalEvent>[]): JournalEvent[] => steps.map((step, at) => event(at + 1, step));
  const succeeded = (deployment: string): Partial<JournalEvent> => ({
    deployment,
    state: 'Succeeded',
    facts: { release: releaseRecord(deployment) },
  });

  it('knows the current release and the ones before, newest first', () => {
    const history = replay(story(succeeded('r1'), succeeded('r2'), succeeded('r3')));
    expect(history.current?.deployment).toBe('r3');
    expect(history.former.map(({ deployment }) => deployment)).toEqual(['r2', 'r1']);
  });

  it('takes a release that was returned from out of the way back', () => {
    const back: Partial<JournalEvent> = {
      deployment: 'r2',
      state: 'RolledBack',
      facts: { release: releaseRecord('r2'), returned: true },
    };
    const history = replay(story(succeeded('r1'), succeeded('r2'), succeeded('r3'), back));
    expect(history.current?.deployment).toBe('r2');
    expect(history.former.map(({ deployment }) => deployment)).toEqual(['r1']);
  });

  it('knows a deployment that never ended: its state, its containers, its pins', () => {
    const kept = { container: 'old', name: 'web', wasRunning: true, wasHealthy: true, owner: 'compose' as const };
    const history = replay(
      story(
        { deployment: 'r2', state: 'Pending' },
        {
          deployment: 'r2',
          state: 'Preparing',
          facts: { kept: { ...kept, restartPolicy: { name: 'no', maximumRetries: 0 } } },
        },
        {
          deployment: 'r2',
          state: 'Preparing',
          act: 'write-pin',
          kind: 'intent',
          facts: { pin: pinOf('r2'), formerPin: pinOf('r1') },
        },
        { deployment: 'r2', state: 'Preparing', act: 'create', kind: 'done', facts: { to: 'new' } },
        { deployment: 'r2', state: 'Starting' },
      ),
    );
    expect(history.open).toMatchObject({
      deployment: 'r2',
      state: 'Starting',
      to: 'new',
      pinned: true,
      formerPin: pinOf('r1'),
    });
    expect(history.open?.kept?.container).toBe('old');
  });

  it('has nothing open after any terminal state', () => {
    for (const state of ['Succeeded', 'Failed', 'RolledBack', 'Degraded'] as const) {
      expect(replay(story({ state: 'Starting' }, { state })).open).toBeUndefined();
    }
  });

  it('remembers what was adopted until it is dropped', () => {
    const kept = { ...keptContainer(), container: 'hand' };
    const adopted = story({ act: 'adopt', facts: { kept } }, succeeded('r1'));
    expect(replay(adopted).adopted?.container).toBe('hand');
    expect(replay([...adopted, event(9, { act: 'drop-adopted', kind: 'intent' })]).adopted).toBeDefined();
    expect(replay([...adopted, event(9, { act: 'drop-adopted', kind: 'done' })]).adopted).toBeUndefined();
  });

  it('keeps a written file until its write is undone, intent enough', () => {
    const file = { path: 'a.json', former: 'f'.repeat(64), written: 'a'.repeat(64) };
    const written = story({ act: 'write-file', kind: 'intent', facts: { file } });
    expect(replay(written).files).toHaveLength(1);
    expect(replay([...written, event(2, { act: 'undo-file', kind: 'done', facts: { file } })]).files).toEqual([]);
  });

  it('never fails and never counts backwards, whatever the events', () => {
    const acts = fc.constantFrom('enter', 'adopt', 'write-pin', 'create', 'undo-release', 'write-file', 'undo-file');
    const states = fc.constantFrom('Pending', 'Preparing', 'Starting', 'Finalising', 'Succeeded', 'RolledBack');
    const any = fc.array(fc.tuple(acts, states, fc.constantFrom('intent', 'done', 'note')), { maxLength: 40 });
    fc.assert(
      fc.property(any, (steps) => {
        const events = story(...steps.map(([act, state, kind]) => ({ act, state, kind })));
        expect(replay(events).sequence).toBe(events.length);
      }),
    );
  });
});

function keptContainer() {
  return {
    container: 'x',
    name: 'web',
    wasRunning: true,
    wasHealthy: true,
    restartPolicy: { name: 'no', maximumRetries: 0 },
    owner: 'hand-run' as const,
  };
}
