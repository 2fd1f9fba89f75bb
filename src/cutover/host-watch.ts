// The engine's events during a cutover: one stream, handed to whoever watches a container, and how a container is probed.
import type { Engine, EngineEvent } from '../docker/engine.ts';
import type { Placement } from '../documents/fleet.ts';
import { httpProbe, tcpProbe, type Probe, type ProbeResult } from '../health/probe.ts';
import type { Subject } from '../health/watch.ts';
import { isRunning, type Container } from '../hosts/container.ts';
import type { HostWorld } from './host-world.ts';

export interface EventHub {
  listen(container: string, listener: (event: EngineEvent) => void): () => void;
  /** Lines of what happened to a container since the hub was opened, for evidence. */
  lines(container: string): readonly string[];
}

const KEPT_EVENTS = 200;
/** The engine's own check is asked inside the container and every so often: no news there. */
const NOISE = /^(exec_|top|health_status: healthy)/;

interface Watched {
  readonly world: HostWorld;
  readonly engine: Engine;
  readonly hub: EventHub;
}

/** Opens the stream; it ends with the signal. */
export async function openEventHub(engine: Engine, signal: AbortSignal): Promise<EventHub> {
  const listeners = new Map<string, Set<(event: EngineEvent) => void>>();
  const seen: EngineEvent[] = [];
  await engine.watch((event) => {
    if (NOISE.test(event.action)) return;
    seen.push(event);
    if (seen.length > KEPT_EVENTS) seen.shift();
    for (const listener of listeners.get(event.container) ?? []) listener(event);
  }, signal);
  return {
    listen: (container, listener) => {
      const those = listeners.get(container) ?? new Set();
      listeners.set(container, those.add(listener));
      return () => those.delete(listener);
    },
    lines: (container) => seen.filter((event) => event.container === container).map(showEvent),
  };
}

/** What the gate watches: the container's own answer, and the engine's word when it is lost. */
export function subjectOf(host: Watched, container: Container, placement: Placement): Subject {
  return {
    probe: probeOf(host, container, placement),
    onLost: (listener) =>
      host.hub.listen(container.id, (event) => {
        // The stream may still bring the end of an earlier life of the same container.
        const reason = event.atMs < Date.parse(container.startedAt) ? undefined : lossOf(event);
        if (reason !== undefined) listener(reason);
      }),
  };
}

/** By HTTP where a health port is declared, else by TCP, else by the engine's own word. */
export function probeOf({ world, engine }: Watched, container: Container, placement: Placement): Probe {
  const address = ownAddress(container);
  const { health, ports } = placement;
  const tcp = ports.find(({ protocol }) => protocol === 'tcp');
  const probe =
    address === undefined || (health.port === undefined && tcp === undefined)
      ? engineProbe(engine, container.id)
      : health.port === undefined
        ? tcpProbe(world.sockets, address, tcp?.container ?? 0)
        : httpProbe(world.http, address, health.port, health);
  // Events can be missed while the engine restarts: each probe also looks whether it still runs, since its start.
  return async () => {
    const loss = await lossSinceStart(engine, container);
    return loss ?? probe();
  };
}

/** Its own address, so that no other container can answer in its place; on the host's network that is the host. */
function ownAddress(container: Container): string | undefined {
  return container.networkMode === 'host' ? '127.0.0.1' : container.addresses[0];
}

async function lossSinceStart(engine: Engine, container: Container): Promise<ProbeResult | undefined> {
  const now = await engine.container(container.id);
  if (now === undefined) return { kind: 'lost', reason: 'the container is gone' };
  if (!isRunning(now)) return { kind: 'lost', reason: `it exited with ${now.exitCode}` };
  if (now.startedAt !== container.startedAt) return { kind: 'lost', reason: 'it restarted' };
  return undefined;
}

function engineProbe(engine: Engine, id: string): Probe {
  return async () => {
    const container = await engine.container(id);
    if (container?.status !== 'running') return { kind: 'failure', reason: 'the container does not run' };
    if (container.health === 'healthy' || container.health === 'none') return { kind: 'success' };
    return { kind: 'failure', reason: `the engine calls it ${container.health}` };
  };
}

function lossOf(event: EngineEvent): string | undefined {
  switch (event.action) {
    case 'die':
      return `it exited with ${event.attributes['exitCode'] ?? '?'}`;
    case 'oom':
      return 'it was killed for want of memory';
    case 'destroy':
      return 'somebody removed it';
    default:
      return undefined;
  }
}

function showEvent({ action, atMs, attributes }: EngineEvent): string {
  const exitCode = attributes['exitCode'];
  return `${new Date(atMs).toISOString()} ${action}${exitCode === undefined ? '' : ` exit code ${exitCode}`}`;
}
