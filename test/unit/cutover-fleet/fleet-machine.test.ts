// The order of a rollout: what starts, what a failure stops, who goes back.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Wave } from '../../../src/documents/fleet.ts';
import {
  newFleet,
  next,
  type FleetEvent,
  type FleetIntent,
  type FleetState,
  type WaveEnd,
} from '../../../src/cutover/fleet-machine.ts';

type Order = Parameters<typeof newFleet>[0];

const wave = (kind: Wave['kind'], machine: string, ...services: string[]): Wave => ({
  name: `${kind}-${machine}`,
  kind,
  machine,
  services,
  soakMs: 0,
});
const MISSION: Order = {
  waves: [wave('canary', 'mainpc', 'a', 'b'), wave('batch', 'mainpc', 'c'), wave('batch', 'pc2', 'b', 'd')],
  machinesAtOnce: 1,
  onFailure: 'rollback',
};
const begin: FleetEvent = { kind: 'begin', behind: [], blocked: [] };
const ended = (index: number, outcome: WaveEnd = 'succeeded', order = MISSION): FleetEvent => {
  const moved = outcome === 'succeeded' ? (order.waves[index]?.services ?? []) : [];
  return { kind: 'wave-ended', wave: index, outcome, moved, uncertain: [] };
};
const back = (machine: string, returned = true): FleetEvent => ({ kind: 'return-ended', machine, returned });

function play(events: readonly FleetEvent[], order = MISSION): { state: FleetState; intents: readonly FleetIntent[] } {
  let state = newFleet(order);
  const intents: FleetIntent[] = [];
  for (const event of events) {
    const step = next(state, event, order);
    state = step.state;
    intents.push(...step.intents);
  }
  return { state, intents };
}

const short = (intents: readonly FleetIntent[]): string[] =>
  intents.map((intent) =>
    intent.kind === 'return'
      ? `return ${intent.machine} ${intent.services.join(',')}`
      : `${intent.kind} ${intent.wave}`,
  );

interface Row {
  readonly fact: string;
  readonly events: readonly FleetEvent[];
  readonly order?: Partial<Order>;
  readonly intents: readonly string[];
  /** The outcome, or the state when it is not the end. */
  readonly then: string;
}

const TABLE: readonly Row[] = [
  {
    fact: 'goes canary, rest of the first machine, second machine, and succeeds',
    events: [begin, ended(0), ended(1), ended(2)],
    intents: ['start 0', 'start 1', 'start 2'],
    then: 'succeeded',
  },
  {
    fact: 'starts nothing after a canary that rolled itself back',
    events: [begin, ended(0, 'rolled-back')],
    intents: ['start 0'],
    then: 'rolled-back',
  },
  {
    fact: 'says failed when the canary failed before it changed anything',
    events: [begin, ended(0, 'failed')],
    intents: ['start 0'],
    then: 'failed',
  },
  {
    fact: 'returns every host that moved, the last service first, when the second machine fails',
    events: [begin, ended(0), ended(1), ended(2, 'rolled-back'), back('mainpc')],
    intents: ['start 0', 'start 1', 'start 2', 'return mainpc c,b,a'],
    then: 'rolled-back',
  },
  {
    fact: 'leaves the hosts as they are when a failure is to halt',
    events: [begin, ended(0), ended(1, 'rolled-back')],
    order: { onFailure: 'halt' },
    intents: ['start 0', 'start 1'],
    then: 'failed',
  },
  {
    fact: 'is degraded when a host can not be returned',
    events: [begin, ended(0), ended(1, 'rolled-back'), back('mainpc', false)],
    intents: ['start 0', 'start 1', 'return mainpc b,a'],
    then: 'degraded',
  },
  {
    fact: 'is degraded when a host says so, although the others were returned',
    events: [begin, ended(0), ended(1, 'degraded'), back('mainpc')],
    intents: ['start 0', 'start 1', 'return mainpc b,a'],
    then: 'degraded',
  },
  {
    fact: 'returns what moved inside the wave that failed, too',
    events: [begin, { kind: 'wave-ended', wave: 0, outcome: 'failed', moved: ['a'], uncertain: [] }, back('mainpc')],
    intents: ['start 0', 'return mainpc a'],
    then: 'rolled-back',
  },
  {
    fact: 'returns a service whose host fell silent over it',
    events: [begin, { kind: 'wave-ended', wave: 0, outcome: 'failed', moved: [], uncertain: ['b'] }, back('mainpc')],
    intents: ['start 0', 'return mainpc b'],
    then: 'rolled-back',
  },
  {
    fact: 'is degraded when a host fell silent and nothing is to be returned',
    events: [begin, { kind: 'wave-ended', wave: 0, outcome: 'failed', moved: [], uncertain: ['b'] }],
    order: { onFailure: 'halt' },
    intents: ['start 0'],
    then: 'degraded',
  },
  {
    fact: 'interrupts the running wave on an abort and leaves earlier waves as they are',
    events: [begin, ended(0), { kind: 'abort' }, ended(1, 'aborted')],
    intents: ['start 0', 'start 1', 'interrupt 1'],
    then: 'aborted',
  },
  {
    fact: 'waits for the running wave after an abort',
    events: [begin, { kind: 'abort' }],
    intents: ['start 0', 'interrupt 0'],
    then: 'stopping',
  },
  { fact: 'is aborted before it began', events: [{ kind: 'abort' }, begin], intents: [], then: 'aborted' },
  {
    fact: 'takes a wave stopped by someone at the host for a wish to stop',
    events: [begin, ended(0), ended(1, 'aborted')],
    intents: ['start 0', 'start 1'],
    then: 'aborted',
  },
  {
    fact: 'goes on returning when it is aborted on the way back',
    events: [begin, ended(0), ended(1, 'failed'), { kind: 'abort' }],
    intents: ['start 0', 'start 1', 'return mainpc b,a'],
    then: 'returning',
  },
  {
    fact: 'begins nothing when a needed machine is out of reach',
    events: [{ kind: 'begin', behind: [], blocked: ['pc2'] }],
    intents: [],
    then: 'failed',
  },
  {
    fact: 'leaves out a machine that may lag behind',
    events: [{ kind: 'begin', behind: ['pc2'], blocked: [] }, ended(0), ended(1)],
    intents: ['start 0', 'start 1'],
    then: 'succeeded',
  },
  {
    fact: 'never leaves out the canary machine',
    events: [{ kind: 'begin', behind: ['mainpc'], blocked: [] }],
    intents: [],
    then: 'failed',
  },
  {
    fact: 'skips a wave without services',
    events: [begin, ended(1)],
    order: { waves: [wave('canary', 'mainpc'), wave('batch', 'mainpc', 'c')] },
    intents: ['start 1'],
    then: 'succeeded',
  },
  { fact: 'succeeds at once without any wave', events: [begin], order: { waves: [] }, intents: [], then: 'succeeded' },
  {
    fact: 'takes batches of different machines together, after the canary',
    events: [begin, ended(0), ended(2)],
    order: {
      machinesAtOnce: 2,
      waves: [wave('canary', 'm1', 'a'), wave('batch', 'm1', 'b'), wave('batch', 'm2', 'a'), wave('batch', 'm3', 'a')],
    },
    intents: ['start 0', 'start 1', 'start 2', 'start 3'],
    then: 'moving',
  },
  {
    fact: 'interrupts the batch beside the one that failed, and returns it if it had moved',
    events: [begin, ended(0, 'failed'), { ...ended(1), moved: ['b'] } as FleetEvent, back('m2')],
    order: { machinesAtOnce: 2, waves: [wave('batch', 'm1', 'a'), wave('batch', 'm2', 'b')] },
    intents: ['start 0', 'start 1', 'interrupt 1', 'return m2 b'],
    then: 'rolled-back',
  },
  {
    fact: 'lets the batch beside the one that failed go on when a failure is to halt',
    events: [begin, ended(0, 'failed')],
    order: { machinesAtOnce: 2, onFailure: 'halt', waves: [wave('batch', 'm1', 'a'), wave('batch', 'm2', 'b')] },
    intents: ['start 0', 'start 1'],
    then: 'stopping',
  },
  {
    fact: 'never takes two waves of one machine together',
    events: [begin],
    order: { machinesAtOnce: 4, waves: [wave('batch', 'm1', 'a'), wave('batch', 'm1', 'b'), wave('batch', 'm2', 'b')] },
    intents: ['start 0'],
    then: 'moving',
  },
  {
    fact: 'does not hear an end twice, nor the end of a wave that never started',
    events: [begin, ended(2), ended(0), ended(0, 'failed'), back('mainpc')],
    intents: ['start 0', 'start 1'],
    then: 'moving',
  },
];

describe('the fleet machine', () => {
  it.each(TABLE)('$fact', ({ events, order, intents, then }) => {
    const played = play(events, { ...MISSION, ...order });
    expect(short(played.intents)).toEqual(intents);
    expect(played.state.kind === 'ended' ? played.state.outcome : played.state.kind).toBe(then);
  });
});

// A host of the simulation: it answers what it was asked to do, in any order, with any outcome.
const MACHINES = ['m1', 'm2', 'm3'];
const waves = fc
  .array(
    fc.record({
      kind: fc.constantFrom<Wave['kind']>('canary', 'batch'),
      machine: fc.constantFrom(...MACHINES),
      size: fc.nat(3),
    }),
    { maxLength: 6 },
  )
  .map((rows) =>
    rows.map(({ kind, machine, size }, index): Wave => {
      const services = Array.from({ length: size }, (_unused, n) => `w${index}s${n}`);
      return { name: `w${index}`, kind, machine, services, soakMs: 0 };
    }),
  );
const orders = fc.record({
  waves,
  machinesAtOnce: fc.integer({ min: 1, max: 3 }),
  onFailure: fc.constantFrom<Order['onFailure']>('rollback', 'halt'),
});
const OUTCOMES: readonly WaveEnd[] = ['succeeded', 'succeeded', 'failed', 'rolled-back', 'degraded', 'aborted'];
const choices = fc.infiniteStream(fc.nat(1_000_000));

interface Story {
  readonly order: Order;
  readonly states: FleetState[];
  readonly intents: FleetIntent[];
  /** Index into intents at which the first bad news was heard. */
  firstBad: number | undefined;
}

/** Plays a whole rollout with hosts, aborts and stray events drawn from the stream. */
function simulate(order: Order, stream: Iterator<number>): Story {
  const pick = <T>(list: readonly T[]): T => list[(stream.next().value as number) % list.length]!;
  const story: Story = { order, states: [newFleet(order)], intents: [], firstBad: undefined };
  const open: FleetIntent[] = [];
  const hear = (event: FleetEvent): void => {
    const step = next(story.states.at(-1)!, event, order);
    story.states.push(step.state);
    story.intents.push(...step.intents);
    open.push(...step.intents.filter(({ kind }) => kind !== 'interrupt'));
  };
  hear({ kind: 'begin', behind: [], blocked: [] });
  for (let turn = 0; turn < 100 && open.length > 0; turn += 1) {
    const dice = pick([0, 1, 2, 3, 4, 5, 6, 7]);
    if (dice === 0) {
      hear({ kind: 'abort' });
    } else if (dice === 1) {
      hear(
        pick([{ kind: 'begin', behind: [], blocked: [] }, back('nowhere'), { ...ended(99), wave: 99 } as FleetEvent]),
      );
    } else {
      const task = pick(open);
      open.splice(open.indexOf(task), 1);
      hear(answer(task, story, pick));
    }
  }
  expect(open).toEqual([]);
  return story;
}

function answer(task: FleetIntent, story: Story, pick: <T>(list: readonly T[]) => T): FleetEvent {
  if (task.kind === 'return') return back(task.machine, pick([true, true, true, false]));
  const services = story.order.waves[task.wave]?.services ?? [];
  const outcome = pick(OUTCOMES);
  if (outcome !== 'succeeded') story.firstBad ??= story.intents.length;
  const some = services.filter(() => pick([true, false]));
  const moved = outcome === 'succeeded' ? services : outcome === 'rolled-back' ? [] : some;
  const uncertain = outcome === 'failed' ? services.filter((name) => !moved.includes(name) && pick([true, false])) : [];
  return { kind: 'wave-ended', wave: task.wave, outcome, moved, uncertain };
}

const ALLOWED: Readonly<Record<FleetState['kind'], readonly FleetState['kind'][]>> = {
  ready: ['ready', 'moving', 'ended'],
  moving: ['moving', 'stopping', 'returning', 'ended'],
  stopping: ['stopping', 'returning', 'ended'],
  returning: ['returning', 'ended'],
  ended: ['ended'],
};

describe('from any order of events the fleet machine', () => {
  const always = (check: (story: Story) => void): void => {
    const property = fc.property(orders, choices, (order, stream) => {
      check(simulate(order, stream[Symbol.iterator]()));
    });
    fc.assert(property, { numRuns: 2_000 });
  };

  it('ends once every host has answered, with no wave left open', () => {
    always(({ states }) => {
      expect(states.at(-1)?.kind).toBe('ended');
      expect(states.at(-1)?.waves).not.toContain('waiting');
      expect(states.at(-1)?.waves).not.toContain('running');
    });
  });

  it('takes only allowed transitions, and an ended rollout stays as it is', () => {
    always(({ states }) => {
      for (const [index, state] of states.slice(1).entries()) {
        const before = states[index]!;
        expect(ALLOWED[before.kind]).toContain(state.kind);
        if (before.kind === 'ended') expect(state).toEqual(before);
      }
    });
  });

  it('never starts a wave after bad news, and none twice', () => {
    always(({ intents, firstBad }) => {
      const started = intents.flatMap((intent) => (intent.kind === 'start' ? [intent.wave] : []));
      expect(new Set(started).size).toBe(started.length);
      expect(started).toEqual(started.toSorted((a, b) => a - b));
      const late = intents.slice(firstBad ?? intents.length).filter(({ kind }) => kind === 'start');
      expect(late).toEqual([]);
    });
  });

  it('never has more batches, nor anything beside a canary, than allowed', () => {
    always(({ states, order }) => {
      for (const state of states) {
        const running = order.waves.filter((_wave, index) => state.waves[index] === 'running');
        expect(running.length).toBeLessThanOrEqual(order.machinesAtOnce);
        expect(new Set(running.map(({ machine }) => machine)).size).toBe(running.length);
        if (running.some(({ kind }) => kind === 'canary')) expect(running).toHaveLength(1);
      }
    });
  });

  it('returns every host that moved exactly once under rollback, and none otherwise', () => {
    always(({ states, intents, order }) => {
      const end = states.at(-1)!;
      if (end.kind !== 'ended') throw new Error('it did not end');
      const returns = intents.flatMap((intent) => (intent.kind === 'return' ? [intent] : []));
      const expected = end.stop?.kind === 'failure' && order.onFailure === 'rollback' ? end.moved : [];
      expect(new Set(returns.map(({ machine }) => machine)).size).toBe(returns.length);
      const flat = (moves: readonly { machine: string; services: readonly string[] }[]): string[] =>
        moves.flatMap(({ machine, services }) => services.map((name) => `${machine} ${name}`)).toSorted();
      expect(flat(returns)).toEqual(flat(expected));
    });
  });

  it('says succeeded only when every wave with services did', () => {
    always(({ states, order }) => {
      const end = states.at(-1)!;
      const all = order.waves.every(({ services }, index) => services.length === 0 || end.waves[index] === 'succeeded');
      if (end.kind === 'ended') expect(end.outcome === 'succeeded').toBe(all && end.stop === undefined);
    });
  });

  it('says rolled-back, failed or aborted only when no host needs a human', () => {
    always(({ states }) => {
      const end = states.at(-1)!;
      if (end.kind === 'ended' && (end.degraded || end.uncertain)) expect(end.outcome).toBe('degraded');
    });
  });
});
