// The order of a rollout over all hosts as a pure function: which wave starts, what a failure stops, who is returned.
import type { Deployment, Wave } from '../documents/fleet.ts';

export type WaveEnd = 'succeeded' | 'failed' | 'rolled-back' | 'degraded' | 'aborted';
export type WaveStatus = 'waiting' | 'running' | 'skipped' | WaveEnd;
export type FleetOutcome = 'succeeded' | 'failed' | 'rolled-back' | 'degraded' | 'aborted';

/** Services of one machine that left their former release. */
export interface Move {
  readonly machine: string;
  /** In the order in which they moved. */
  readonly services: readonly string[];
}

/** Why no further wave starts. `wave` is an index into the deployment's waves. */
export type Stop = { readonly kind: 'failure'; readonly wave: number } | { readonly kind: 'abort' };

interface Facts {
  /** By the index of the wave. */
  readonly waves: readonly WaveStatus[];
  readonly moved: readonly Move[];
  /** Some host can't say what runs on it, or said that a human is needed. */
  readonly degraded: boolean;
  /** Some host ended without a report after it had begun to work; true until those services are returned. */
  readonly uncertain: boolean;
}

export type FleetState =
  | (Facts & { readonly kind: 'ready' })
  | (Facts & { readonly kind: 'moving' })
  /** Nothing starts any more; running waves come to their end. */
  | (Facts & { readonly kind: 'stopping'; readonly stop: Stop })
  /** The first of the queue is being returned. */
  | (Facts & { readonly kind: 'returning'; readonly stop: Stop; readonly queue: readonly Move[] })
  | (Facts & { readonly kind: 'ended'; readonly stop: Stop | undefined; readonly outcome: FleetOutcome });

export type FleetEvent =
  /** `behind`: machines out of reach that may be left out; `blocked`: machines without which nothing may begin. */
  | { readonly kind: 'begin'; readonly behind: readonly string[]; readonly blocked: readonly string[] }
  | {
      readonly kind: 'wave-ended';
      readonly wave: number;
      readonly outcome: WaveEnd;
      /** Services that now run the new release. */
      readonly moved: readonly string[];
      /** Services that were being worked on when the host fell silent. */
      readonly uncertain: readonly string[];
    }
  | { readonly kind: 'return-ended'; readonly machine: string; readonly returned: boolean }
  | { readonly kind: 'abort' };

export type FleetIntent =
  | { readonly kind: 'start'; readonly wave: number }
  /** Ask a running wave to put the traffic back and end. */
  | { readonly kind: 'interrupt'; readonly wave: number }
  /** Services in the order in which they go back: the last that moved first. */
  | { readonly kind: 'return'; readonly machine: string; readonly services: readonly string[] };

export interface Step {
  readonly state: FleetState;
  readonly intents: readonly FleetIntent[];
}

type Order = Pick<Deployment, 'waves' | 'machinesAtOnce' | 'onFailure'>;

/** The state before anything happened. */
export function newFleet(order: Order): FleetState {
  return { kind: 'ready', waves: order.waves.map(() => 'waiting'), moved: [], degraded: false, uncertain: false };
}

/** What follows from an event. An event that does not fit the state (late, repeated) changes nothing. */
export function next(state: FleetState, event: FleetEvent, order: Order): Step {
  switch (event.kind) {
    case 'begin':
      return state.kind === 'ready' ? begin(state, event, order) : unmoved(state);
    case 'wave-ended':
      return waveEnded(state, event, order);
    case 'return-ended':
      return returnEnded(state, event);
    case 'abort':
      return abort(state, order);
  }
}

function begin(state: FleetState, event: Extract<FleetEvent, { kind: 'begin' }>, order: Order): Step {
  const busy = order.waves.filter(({ services }) => services.length > 0);
  // Without its canary a release is not tried on anyone: such a machine can't be left out.
  const needed = busy.filter(({ kind }) => kind === 'canary').map(({ machine }) => machine);
  const blocked = [...event.blocked, ...event.behind.filter((machine) => needed.includes(machine))];
  if (busy.some(({ machine }) => blocked.includes(machine))) {
    const waves = state.waves.map((): WaveStatus => 'skipped');
    return unmoved({ ...facts(state), kind: 'ended', stop: undefined, waves, outcome: 'failed' });
  }
  const idle = ({ services, machine }: Wave): boolean => services.length === 0 || event.behind.includes(machine);
  const waves = order.waves.map((wave): WaveStatus => (idle(wave) ? 'skipped' : 'waiting'));
  return goOn({ ...facts(state), kind: 'moving', waves }, order);
}

function waveEnded(state: FleetState, event: Extract<FleetEvent, { kind: 'wave-ended' }>, order: Order): Step {
  const wave = order.waves[event.wave];
  if (wave === undefined || state.waves[event.wave] !== 'running') return unmoved(state);
  const known = after(state, wave, event);
  if (state.kind === 'stopping') return settle({ ...known, kind: 'stopping', stop: state.stop }, order);
  if (event.outcome === 'succeeded') return goOn({ ...known, kind: 'moving' }, order);
  // Somebody at the host stopped it: a wish to stop, not a failure of the release.
  const stop: Stop = event.outcome === 'aborted' ? { kind: 'abort' } : { kind: 'failure', wave: event.wave };
  return stopAll(known, stop, order);
}

/** The facts with this wave's end in them. */
function after(state: FleetState, wave: Wave, event: Extract<FleetEvent, { kind: 'wave-ended' }>): Facts {
  const left = wave.services.filter((name) => event.moved.includes(name) || event.uncertain.includes(name));
  return {
    waves: state.waves.with(event.wave, event.outcome),
    moved: left.length === 0 ? state.moved : [...state.moved, { machine: wave.machine, services: left }],
    degraded: state.degraded || event.outcome === 'degraded',
    uncertain: state.uncertain || event.uncertain.length > 0,
  };
}

function abort(state: FleetState, order: Order): Step {
  switch (state.kind) {
    case 'ready':
    case 'moving':
      return stopAll(facts(state), { kind: 'abort' }, order);
    case 'stopping':
    // A rollback is never itself rolled back: half a fleet returned is worse than a late end.
    case 'returning':
    case 'ended':
      return unmoved(state);
  }
}

/** No wave starts any more. Running ones are asked to put things back, unless a failure is to leave hosts as they are. */
function stopAll(known: Facts, stop: Stop, order: Order): Step {
  const waves = known.waves.map((status): WaveStatus => (status === 'waiting' ? 'skipped' : status));
  const leave = stop.kind === 'failure' && order.onFailure === 'halt';
  const intents = leave ? [] : running(waves).map((wave): FleetIntent => ({ kind: 'interrupt', wave }));
  const settled = settle({ ...known, waves, kind: 'stopping', stop }, order);
  return { state: settled.state, intents: [...intents, ...settled.intents] };
}

function settle(state: Extract<FleetState, { kind: 'stopping' }>, order: Order): Step {
  if (running(state.waves).length > 0) return unmoved(state);
  const { stop } = state;
  if (stop.kind === 'failure' && order.onFailure === 'rollback' && state.moved.length > 0) {
    return returnNext({ ...facts(state), kind: 'returning', stop, queue: wayBack(state.moved) });
  }
  return unmoved({ ...facts(state), kind: 'ended', stop, outcome: outcomeOfStop(state, stop) });
}

function returnEnded(state: FleetState, event: Extract<FleetEvent, { kind: 'return-ended' }>): Step {
  if (state.kind !== 'returning' || state.queue[0]?.machine !== event.machine) return unmoved(state);
  return returnNext({ ...state, degraded: state.degraded || !event.returned, queue: state.queue.slice(1) });
}

function returnNext(state: Extract<FleetState, { kind: 'returning' }>): Step {
  const [move] = state.queue;
  if (move !== undefined) return { state, intents: [{ kind: 'return', ...move }] };
  const outcome = state.degraded ? 'degraded' : 'rolled-back';
  return unmoved({ ...facts(state), kind: 'ended', stop: state.stop, uncertain: false, outcome });
}

/** Each machine once, the one that moved last first, and on it the service that moved last first. */
function wayBack(moved: readonly Move[]): readonly Move[] {
  const backwards = moved.toReversed();
  const machines = [...new Set(backwards.map(({ machine }) => machine))];
  return machines.map((machine) => ({
    machine,
    services: backwards.filter((move) => move.machine === machine).flatMap(({ services }) => services.toReversed()),
  }));
}

function outcomeOfStop(known: Facts, stop: Stop): FleetOutcome {
  if (known.degraded || known.uncertain) return 'degraded';
  if (stop.kind === 'abort') return 'aborted';
  if (known.moved.length > 0) return 'failed';
  return known.waves.some((status) => status === 'rolled-back' || status === 'aborted') ? 'rolled-back' : 'failed';
}

/** Starts every wave whose turn it is; ends when none is left. */
function goOn(state: Extract<FleetState, { kind: 'moving' }>, order: Order): Step {
  const starts: number[] = [];
  let waves = state.waves;
  for (const [index, status] of state.waves.entries()) {
    if (status !== 'waiting') continue;
    if (!mayJoin(index, running(waves), order)) break;
    waves = waves.with(index, 'running');
    starts.push(index);
  }
  if (running(waves).length === 0) {
    return unmoved({ ...facts(state), kind: 'ended', stop: undefined, outcome: 'succeeded' });
  }
  return { state: { ...state, waves }, intents: starts.map((wave) => ({ kind: 'start', wave })) };
}

/** A canary goes alone; batches of different machines may go together, as many as the fleet allows. */
function mayJoin(index: number, others: readonly number[], order: Order): boolean {
  if (others.length === 0) return true;
  const wave = order.waves[index];
  const together = others.flatMap((other) => order.waves[other] ?? []);
  const apart = together.every(({ kind, machine }) => kind === 'batch' && machine !== wave?.machine);
  return wave?.kind === 'batch' && apart && others.length < order.machinesAtOnce;
}

function running(waves: readonly WaveStatus[]): readonly number[] {
  return [...waves.keys()].filter((index) => waves[index] === 'running');
}

function facts({ waves, moved, degraded, uncertain }: Facts): Facts {
  return { waves, moved, degraded, uncertain };
}

function unmoved(state: FleetState): Step {
  return { state, intents: [] };
}
