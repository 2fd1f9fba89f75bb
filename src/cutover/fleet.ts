// The rollout over all hosts: drives the fleet machine, one child process per host and wave, with a prober beside it.
import type { CutoverEvent, FleetCutover, HostCutover } from '../documents/cutover.ts';
import { showDocument } from '../documents/document.ts';
import type { Machine, Wave } from '../documents/fleet.ts';
import type { Release } from '../documents/release.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { probeTargets } from '../prober/target.ts';
import { isoTime } from '../world/clock.ts';
import type { World } from '../world/world.ts';
import { callHost, type HostEnd } from './fleet-child.ts';
import {
  newFleet,
  next,
  type FleetEvent,
  type FleetIntent,
  type FleetOutcome,
  type FleetState,
} from './fleet-machine.ts';
import { Mailbox } from './fleet-mailbox.ts';
import { measure } from './fleet-probe.ts';
import { showProgress } from './fleet-progress.ts';
import { reachAll, type Reach } from './fleet-reach.ts';
import { FleetRecord } from './fleet-record.ts';
import { returnedAll, waveEndOf } from './fleet-verdict.ts';

export interface FleetOptions {
  readonly release: Release;
  /** Runs `rollout` on a host; `machines.X.reach` goes before it. */
  readonly command?: readonly string[];
  /** Runs the prober here; without it no downtime is measured. */
  readonly prober?: readonly string[];
  /** Hears every event of every host. */
  readonly emit?: (event: CutoverEvent) => void;
  /** Fires when a person or the platform wants an end: traffic back first. */
  readonly signal: AbortSignal;
}

/** Where `rollout host init` puts the command. */
export const HOST_COMMAND: readonly string[] = ['/opt/rollout-action/bin/rollout'];

/** Disk and network of a host that pulls gigabytes are slow, and that is no reason to stop. */
const PREPARING_MS = 30 * 60_000;

const EXIT_OF: Readonly<Record<FleetOutcome, ExitCode>> = {
  succeeded: EXIT.done,
  failed: EXIT.failed,
  'rolled-back': EXIT.rolledBack,
  degraded: EXIT.degraded,
  aborted: EXIT.aborted,
};

export function fleetExitCode(outcome: FleetOutcome): ExitCode {
  return EXIT_OF[outcome];
}

/** Rolls the release out over its machines, wave by wave. Bad news are in what it returns; it throws only on a bug. */
export async function cutoverFleet(world: World, options: FleetOptions): Promise<FleetCutover> {
  const fleet = makeFleet(world, options);
  const reach = await reachAll(world, {
    machines: machinesInUse(options.release),
    command: options.command ?? HOST_COMMAND,
    signal: options.signal,
  });
  tellReach(fleet, reach);
  const first = beginning(options, reach);
  const begins = first.kind === 'begin' && first.blocked.length === 0;
  const measurement = await measure(
    world,
    begins ? options.prober : undefined,
    probeTargets(options.release.deployment),
  );
  const state = await drive(fleet, first);
  return fleet.record.document(state, await measurement.end());
}

interface Fleet {
  readonly world: World;
  readonly options: FleetOptions;
  readonly record: FleetRecord;
  readonly mail: Mailbox<FleetEvent>;
  /** By the wave's index: fires when that wave shall put things back. */
  readonly interrupts: Map<number, AbortController>;
  readonly hear: (event: CutoverEvent) => void;
}

function makeFleet(world: World, options: FleetOptions): Fleet {
  const progress = showProgress(world);
  return {
    world,
    options,
    record: new FleetRecord(world.clock, options.release),
    mail: new Mailbox(),
    interrupts: new Map(),
    hear: (event) => {
      progress(event);
      options.emit?.(event);
    },
  };
}

async function drive(fleet: Fleet, first: FleetEvent): Promise<FleetState> {
  const { deployment } = fleet.options.release;
  const onAbort = (): void => fleet.mail.post({ kind: 'abort' });
  fleet.options.signal.addEventListener('abort', onAbort, { once: true });
  fleet.mail.post(first);
  let state = newFleet(deployment);
  while (state.kind !== 'ended') {
    const step = next(state, await fleet.mail.take(), deployment);
    state = step.state;
    for (const intent of step.intents) perform(fleet, intent);
  }
  fleet.options.signal.removeEventListener('abort', onAbort);
  return state;
}

/** Every intent to start something ends in exactly one event: that is why the loop above comes to an end. */
function perform(fleet: Fleet, intent: FleetIntent): void {
  switch (intent.kind) {
    case 'start':
      void runWave(fleet, intent.wave).then((event) => fleet.mail.post(event));
      return;
    case 'interrupt':
      fleet.interrupts.get(intent.wave)?.abort();
      return;
    case 'return':
      void runReturn(fleet, intent).then((event) => fleet.mail.post(event));
  }
}

async function runWave(fleet: Fleet, index: number): Promise<FleetEvent> {
  const { world, record, options } = fleet;
  const wave = record.begin(index);
  world.log.step(`wave ${wave.name} on ${wave.machine}: ${wave.services.join(', ')}`);
  const interrupt = new AbortController();
  fleet.interrupts.set(index, interrupt);
  const args = ['--services', wave.services.join(','), '--soak-ms', String(wave.soakMs)];
  const deadlineMs = deadlineOf(options.release, wave) + wave.soakMs;
  const end = await call(fleet, { machine: wave.machine, args, deadlineMs, interrupt: interrupt.signal });
  const verdict = waveEndOf(wave, end);
  record.end(index, verdict, end);
  const told = `wave ${wave.name} on ${wave.machine}: ${verdict.outcome}`;
  if (verdict.outcome === 'succeeded') world.log.done(told);
  else world.log.error(`${told}: ${verdict.reason ?? ''}`);
  return { kind: 'wave-ended', wave: index, ...verdict };
}

async function runReturn(fleet: Fleet, move: { machine: string; services: readonly string[] }): Promise<FleetEvent> {
  const { world, record, options } = fleet;
  const { machine, services } = move;
  world.log.step(`returning ${machine} to its former release: ${services.join(', ')}`);
  const args = ['--services', services.join(','), '--return'];
  const deadlineMs = deadlineOf(options.release, move);
  // A way back is walked to its end: nothing interrupts it but its deadline.
  const end = await call(fleet, { machine, args, deadlineMs, interrupt: new AbortController().signal });
  const returned = returnedAll(services, end);
  record.returned(machine, returned, end);
  if (returned) world.log.done(`${machine} runs its former release again`);
  else
    world.log.error(
      `${machine} could not be returned: ${end.kind === 'silent' ? end.reason : tellServices(end.report)}`,
    );
  return { kind: 'return-ended', machine, returned };
}

interface HostTask {
  readonly machine: string;
  readonly args: readonly string[];
  readonly deadlineMs: number;
  readonly interrupt: AbortSignal;
}

function call(fleet: Fleet, task: HostTask): Promise<HostEnd> {
  const { world, options, hear } = fleet;
  const { machine } = task;
  const reach = options.release.deployment.machines.find(({ name }) => name === machine)?.reach ?? [];
  const verb = [...(options.command ?? HOST_COMMAND), 'cutover', '--machine', machine, ...task.args, '--release', '-'];
  return callHost(world, {
    machine,
    command: [...reach, ...verb],
    stdin: showDocument(options.release),
    deadlineMs: task.deadlineMs,
    interrupt: task.interrupt,
    onEvent: hear,
    onStrayLine: (line) => {
      hear({ kind: 'note', at: isoTime(world.clock.now()), machine, message: `said what is no event: ${line}` });
    },
  });
}

/** Enough for each service to go there and, after a failure at the very end, all the way back. */
function deadlineOf(release: Release, { machine, services }: Pick<Wave, 'machine' | 'services'>): number {
  const placements = release.deployment.placements.filter(
    (placement) => placement.machine === machine && services.includes(placement.service),
  );
  const once = placements.map(
    ({ health, stopGraceMs }) => health.healthyDeadlineMs + health.minHealthyTimeMs + stopGraceMs,
  );
  return PREPARING_MS + 2 * once.reduce((sum, ms) => sum + ms, 0);
}

function machinesInUse(release: Release): readonly Machine[] {
  const { machines, waves } = release.deployment;
  const used = waves.filter(({ services }) => services.length > 0).map(({ machine }) => machine);
  return machines.filter(({ name }) => used.includes(name));
}

function beginning(options: FleetOptions, reach: ReadonlyMap<string, Reach>): FleetEvent {
  if (options.signal.aborted) return { kind: 'abort' };
  const { machines } = options.release.deployment;
  const unreached = machines.filter(({ name }) => (reach.get(name)?.kind ?? 'reached') !== 'reached');
  const mayWait = ({ name, offline }: Machine): boolean =>
    offline === 'skip' && reach.get(name)?.kind === 'out-of-reach';
  return {
    kind: 'begin',
    behind: unreached.filter(mayWait).map(({ name }) => name),
    blocked: unreached.filter((machine) => !mayWait(machine)).map(({ name }) => name),
  };
}

function tellReach({ world, record }: Fleet, reach: ReadonlyMap<string, Reach>): void {
  for (const [machine, found] of reach) {
    if (found.kind === 'reached') continue;
    const what = found.kind === 'out-of-reach' ? 'is out of reach' : 'has no rollout command';
    record.unreached(machine, `${machine} ${what}: ${found.reason}`);
    world.log.error(`${machine} ${what}: ${found.reason}`);
  }
}

function tellServices(report: HostCutover): string {
  return report.services.map(({ service, outcome, reason }) => `${service} ${outcome}: ${reason}`).join('; ');
}
