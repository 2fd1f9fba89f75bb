// Opens a host for one call: its engine, its project folder as the release wants it, the event stream, the way to stop.
import { composeOf } from '../docker/compose.ts';
import { connectEngine } from '../docker/engine.ts';
import type { Machine, Placement } from '../documents/fleet.ts';
import type { Release } from '../documents/release.ts';
import { Fault } from '../fault.ts';
import { openProject } from './host-project.ts';
import type { Host, HostOptions } from './host-turn.ts';
import type { HostWorld } from './host-world.ts';
import { openEventHub } from './host-watch.ts';

/** `ended` closes the event stream. */
export async function openHost(world: HostWorld, options: HostOptions, ended: AbortSignal): Promise<Host> {
  const machine = machineNamed(options.release.deployment.machines, options.machine);
  const engine = connectEngine(world);
  const compose = composeOf(world);
  const facts = await engine.facts();
  const project = await openProject(world, { release: options.release, machine, stateFolder: options.stateFolder });
  const rendered = await compose.render(await project.staged()).finally(() => project.unstage());
  const hub = await openEventHub(engine, ended);
  return {
    world,
    options,
    machine,
    engine,
    compose,
    facts,
    project,
    rendered,
    hub,
    ...endings(options),
    alone: oneByOne(),
  };
}

/** The machine named, or Fault `usage`. */
export function machineNamed(machines: readonly Machine[], name: string): Machine {
  const found = machines.find((machine) => machine.name === name);
  if (found !== undefined) return found;
  throw new Fault('usage', `there is no machine ${name}`, {
    where: '--machine',
    expected: machines.map((machine) => machine.name).join(', '),
    found: name,
  });
}

/** The placements of services on a machine, in the order asked; all of the machine's when none is named. */
export function placementsOf(release: Release, machine: string, services: readonly string[]): readonly Placement[] {
  const here = release.deployment.placements.filter((placement) => placement.machine === machine);
  if (services.length === 0) return here;
  return services.map((service) => {
    const found = here.find((placement) => placement.service === service);
    if (found !== undefined) return found;
    throw new Fault('usage', `the release has no service ${service} on ${machine}`, {
      where: '--services',
      expected: here.map((placement) => placement.service).join(', '),
      found: service,
    });
  });
}

function endings({ signal, release, direction }: HostOptions): Pick<Host, 'signal' | 'giveUp' | 'gaveUp'> {
  const wave = new AbortController();
  let reason: string | undefined;
  // A way back is walked to its end, and one that fails does not stop the others.
  const stops = direction === 'forward';
  const takesAll = stops && release.deployment.onFailure === 'rollback';
  return {
    signal: stops ? AbortSignal.any([signal, wave.signal]) : wave.signal,
    giveUp: (why) => {
      reason ??= why;
      if (takesAll) wave.abort(why);
    },
    gaveUp: () => reason ?? (stops && signal.aborted ? 'stopped on request' : undefined),
  };
}

function oneByOne(): Host['alone'] {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const next = last.then(act, act);
    last = next.catch(() => undefined);
    return next;
  };
}
