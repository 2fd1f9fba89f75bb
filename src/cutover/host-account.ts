// What a turn leaves behind as it goes: each state and each act in the journal, and every state told to who watches.
import type { ServiceState } from '../documents/cutover.ts';
import { messageOf } from '../fault.ts';
import type { Facts } from '../journal/event.ts';
import { isoTime } from '../world/clock.ts';
import type { Host, Turn } from './host-turn.ts';

/** On the way back and at the end, a journal that can't be written (a full disk) must not keep the old one from serving. */
const REGARDLESS: ReadonlySet<ServiceState> = new Set(['RollingBack', 'RolledBack', 'Degraded', 'Failed', 'Succeeded']);

/** Intent, fsynced; the act; done, with what it found out. */
export async function act<T>(
  turn: Turn,
  { act: name, facts = {} }: { readonly act: string; readonly facts?: Facts },
  perform: () => Promise<T>,
  learned?: (result: T) => Facts,
): Promise<T> {
  const entry = { deployment: turn.target.pin.deployment, state: turn.state, act: name, facts };
  if (!REGARDLESS.has(turn.state)) return turn.journal.act(entry, perform, learned);
  await turn.journal.append({ ...entry, kind: 'intent' }).catch(() => undefined);
  const result = await perform();
  await turn.journal
    .append({ ...entry, kind: 'done', facts: { ...facts, ...learned?.(result) } })
    .catch(() => undefined);
  return result;
}

/** Enters a state: journal first, then whoever watches. */
export async function enter(host: Host, turn: Turn, state: ServiceState, message: string): Promise<void> {
  const { world, options, machine } = host;
  const at = isoTime(world.clock.now());
  turn.state = state;
  turn.states.push({ state, at });
  const deployment = turn.target.pin.deployment;
  const facts = { ...(message === '' ? {} : { message }), ...entryFacts(turn, state) };
  await turn.journal.append({ deployment, state, kind: 'note', act: 'enter', facts }).catch((error: unknown) => {
    if (!REGARDLESS.has(state)) throw error;
    world.log.warn(`the journal of ${turn.placement.service} could not be written: ${messageOf(error)}`);
  });
  options.emit({ kind: 'state', at, machine: machine.name, service: turn.placement.service, state, message });
}

function entryFacts(turn: Turn, state: ServiceState): Facts {
  if (state === 'Preparing' && turn.kept !== undefined) return { kept: turn.kept };
  if (state === 'Finalising' && turn.becomes !== undefined) return { release: turn.becomes };
  const ends = state === 'Succeeded' || (state === 'RolledBack' && turn.direction === 'return');
  if (!ends || turn.becomes === undefined) return {};
  return { release: turn.becomes, ...(turn.direction === 'return' ? { returned: true } : {}) };
}

export function note(host: Host, message: string): void {
  host.options.emit({ kind: 'note', at: isoTime(host.world.clock.now()), machine: host.machine.name, message });
}
