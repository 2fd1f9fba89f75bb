// Today's containers: which one is which service, shown first, and taken over at the next cutover once that is said yes to.
import { join } from 'node:path';
import { connectEngine } from '../docker/engine.ts';
import type { Machine, Placement } from '../documents/fleet.ts';
import { isRunning, type Container } from '../hosts/container.ts';
import { matchContainers, type Match } from '../hosts/ownership.ts';
import type { KeptContainer } from '../journal/event.ts';
import { openJournal, readHistory } from '../journal/journal.ts';
import type { HostWorld } from './host-world.ts';

export interface AdoptOptions {
  readonly machine: Machine;
  readonly placements: readonly Placement[];
  readonly stateFolder: string;
  /** Record what was found; else it is only shown. */
  readonly record: boolean;
  readonly lockWaitMs: number;
}

/** take: the next cutover replaces it and keeps it as the way back; ours: Compose's already; none: nothing runs the service. */
export interface Adoption extends Match {
  readonly fate: 'take' | 'taken' | 'ours' | 'none';
  /** `running`, `running, unhealthy`, `exited (1)`. */
  readonly state: string;
}

export interface AdoptReport {
  readonly adoptions: readonly Adoption[];
  /** Running containers that hold a port of a service and were matched to none. */
  readonly strangers: readonly { readonly container: string; readonly port: number; readonly service: string }[];
}

/** The deployment an adoption is journalled under. */
const ADOPTION = 'adopted';

export async function adopt(world: HostWorld, options: AdoptOptions): Promise<AdoptReport> {
  const { machine, placements } = options;
  const containers = await connectEngine(world).containers();
  const matches = matchContainers(placements, containers, machine.directory);
  const adoptions: Adoption[] = [];
  for (const match of matches) adoptions.push(await decide(world, options, match));
  return { adoptions, strangers: strangersOf(placements, containers, matches) };
}

async function decide(world: HostWorld, options: AdoptOptions, match: Match): Promise<Adoption> {
  const { container, owner, service } = match;
  const state = container === undefined ? '-' : showState(container);
  if (container === undefined) return { ...match, fate: 'none', state };
  if (owner === 'compose') return { ...match, fate: 'ours', state };
  const history = await readHistory(world, options.stateFolder, service);
  if (history?.adopted?.container === container.id) return { ...match, fate: 'taken', state };
  if (options.record) await record(world, options, { service, container });
  return { ...match, fate: options.record ? 'taken' : 'take', state };
}

async function record(
  world: HostWorld,
  { stateFolder, machine, lockWaitMs }: AdoptOptions,
  { service, container }: { readonly service: string; readonly container: Container },
): Promise<void> {
  const purpose = `adopting ${container.name} as ${service} on ${machine.name}`;
  const lock = await world.locks.acquire({ path: join(stateFolder, service, 'lock'), purpose, waitMs: lockWaitMs });
  try {
    const journal = await openJournal(world, stateFolder, service);
    const facts = { kept: keptOf(container) };
    await journal.append({ deployment: ADOPTION, state: 'Pending', kind: 'note', act: 'adopt', facts });
  } finally {
    await lock.release();
  }
}

function keptOf(container: Container): KeptContainer {
  const wasRunning = isRunning(container);
  return {
    container: container.id,
    name: container.name,
    wasRunning,
    wasHealthy: wasRunning && container.health !== 'unhealthy',
    restartPolicy: container.restartPolicy,
    owner: 'hand-run',
  };
}

function strangersOf(
  placements: readonly Placement[],
  containers: readonly Container[],
  matches: readonly Match[],
): AdoptReport['strangers'] {
  const known = new Set(matches.flatMap(({ container }) => (container === undefined ? [] : [container.id])));
  const strangers = containers.filter((container) => isRunning(container) && !known.has(container.id));
  return placements.flatMap(({ service, ports }) =>
    ports.flatMap(({ host }) =>
      strangers
        .filter((container) => host !== undefined && container.ports.some((port) => port.host === host))
        .map((container) => ({ container: container.name, port: host ?? 0, service })),
    ),
  );
}

export function showState({ status, health, exitCode }: Container): string {
  if (status === 'exited' || status === 'dead') return `${status} (${exitCode})`;
  return health === 'none' ? status : `${status}, ${health}`;
}
