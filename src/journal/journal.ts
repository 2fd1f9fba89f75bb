// A service's journal on this host: opened under the service's lock, appended and fsynced before anything is done.
import { join } from 'node:path';
import type { ServiceState } from '../documents/cutover.ts';
import { isoTime } from '../world/clock.ts';
import type { World } from '../world/world.ts';
import type { Facts, JournalEvent } from './event.ts';
import { readLines, toLine } from './lines.ts';
import { replay, type History } from './replay.ts';

export interface Journal {
  history(): History;
  events(): readonly JournalEvent[];
  /** Fsynced when it resolves. */
  append(entry: Entry): Promise<void>;
  /** Intent, the act, done with what the act found out. A thrown act leaves its intent standing. */
  act<T>(entry: Omit<Entry, 'kind'>, act: () => Promise<T>, learned?: (result: T) => Facts): Promise<T>;
}

export interface Entry {
  readonly deployment: string;
  readonly state: ServiceState;
  readonly kind: JournalEvent['kind'];
  readonly act: string;
  readonly facts?: Facts;
}

/** Readable and writable by the group of the state folder: whoever may use the engine may look after its rollouts. */
export const STATE_MODE = 0o660;

export function journalPath(stateFolder: string, service: string): string {
  return join(stateFolder, service, 'journal.jsonl');
}

/** Throws Fault `host` when a line in the middle does not check. */
export async function openJournal(world: World, stateFolder: string, service: string): Promise<Journal> {
  const path = journalPath(stateFolder, service);
  const text = await world.files.readText(path);
  const { events: read, whole } = readLines(text ?? '', path);
  // A torn tail must go before the next line, or it would stand in the middle.
  if (text !== whole) await world.files.writeAtomic(path, whole, STATE_MODE);
  return journalOver(world, path, [...read]);
}

/** The history of a service without changing anything; undefined when it has no journal. */
export async function readHistory(world: World, stateFolder: string, service: string): Promise<History | undefined> {
  const path = journalPath(stateFolder, service);
  const text = await world.files.readText(path);
  return text === undefined ? undefined : replay(readLines(text, path).events);
}

function journalOver(world: World, path: string, events: JournalEvent[]): Journal {
  const append = async (entry: Entry): Promise<void> => {
    const event: JournalEvent = {
      sequence: (events.at(-1)?.sequence ?? 0) + 1,
      at: isoTime(world.clock.now()),
      monotonicMs: Math.round(world.clock.monotonic()),
      ...entry,
      facts: entry.facts ?? {},
    };
    events.push(event);
    await world.files.appendDurable(path, toLine(event));
  };
  return {
    history: () => replay(events),
    events: () => events,
    append,
    act: async (entry, act, learned) => {
      await append({ ...entry, kind: 'intent' });
      const result = await act();
      await append({ ...entry, kind: 'done', facts: { ...entry.facts, ...learned?.(result) } });
      return result;
    },
  };
}
