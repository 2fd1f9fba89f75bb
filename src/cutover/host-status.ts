// What runs on this host, since when, by which release: the journals' word beside the engine's.
import { connectEngine } from '../docker/engine.ts';
import { readHistory } from '../journal/journal.ts';
import type { HostWorld } from './host-world.ts';
import { showState } from './host-adopt.ts';
import { PROJECT_ROOM } from './host-project.ts';

export interface ServiceStatus {
  readonly service: string;
  /** Undefined when no rollout brought it here. */
  readonly release: string | undefined;
  readonly digest: string | undefined;
  readonly since: string | undefined;
  readonly container: string | undefined;
  /** The engine's word on that container; `gone` when there is none. */
  readonly state: string;
  /** Releases it can be returned to, newest first. */
  readonly former: readonly string[];
  /** A rollout that has begun and not ended, with the state it is in. */
  readonly unfinished: string | undefined;
}

export async function hostStatus(world: HostWorld, stateFolder: string): Promise<readonly ServiceStatus[]> {
  const rooms = (await world.files.list(stateFolder)) ?? [];
  const services = rooms.filter(({ name, kind }) => kind === 'folder' && name !== PROJECT_ROOM);
  const found = await Promise.all(services.map(({ name }) => statusOf(world, stateFolder, name)));
  return found.filter((status) => status !== undefined);
}

async function statusOf(world: HostWorld, stateFolder: string, service: string): Promise<ServiceStatus | undefined> {
  const history = await readHistory(world, stateFolder, service);
  if (history === undefined) return undefined;
  const { current, adopted, former, open } = history;
  const id = current?.container ?? adopted?.container;
  const container = id === undefined ? undefined : await connectEngine(world).container(id);
  return {
    service,
    release: current?.deployment,
    digest: current?.pin.digest,
    since: current?.at,
    container: container?.name,
    state: container === undefined ? 'gone' : showState(container),
    former: former.map(({ deployment }) => deployment),
    unfinished: open === undefined ? undefined : `${open.deployment} in ${open.state}`,
  };
}
