// The cutover of one host: every service of the wave through its states, together where they may, back where they must.
import { join } from 'node:path';
import type { HostCutover } from '../documents/cutover.ts';
import type { Check } from '../documents/findings.ts';
import { Fault, messageOf } from '../fault.ts';
import { isoTime } from '../world/clock.ts';
import type { Lock } from '../world/lock.ts';
import { abandon, drive } from './host-drive.ts';
import { hasMoved } from './host-machine.ts';
import { openHost, placementsOf } from './host-open.ts';
import { inOrder, type Ordering } from './host-order.ts';
import { preflight } from './host-preflight.ts';
import { pullAll } from './host-pull.ts';
import { hostReport } from './host-report.ts';
import { returnAll, type Told } from './host-return.ts';
import { holdSupervisors, restoreSupervisors } from './host-supervisors.ts';
import type { Host, HostOptions, Turn } from './host-turn.ts';
import type { HostWorld } from './host-world.ts';
import { openTurns } from './host-turns.ts';

/**
 * Cuts the services of one wave over on this host, or returns them to their former release. Bad news are in the report;
 * throws Fault `usage`, `input`, `host`, `engine`, `locked`, `conflict` before anything was changed.
 */
export async function cutoverHost(world: HostWorld, options: HostOptions): Promise<HostCutover> {
  const startedAt = isoTime(world.clock.now());
  const locks = await lockServices(world, options);
  const ended = new AbortController();
  try {
    const host = await openHost(world, options, ended.signal);
    const turns = await openTurns(host);
    await restoreSupervisors(host);
    const told = options.direction === 'return' ? await returnAll(host, turns) : await moveAll(host, turns);
    return hostReport(host, turns, { startedAt, ...told });
  } finally {
    ended.abort();
    for (const lock of locks) await lock.release();
  }
}

/** In one order for everybody, so that two rollouts never wait for each other. */
async function lockServices(world: HostWorld, options: HostOptions): Promise<readonly Lock[]> {
  const { release, machine, stateFolder, lockWaitMs, signal } = options;
  const services = placementsOf(release, machine, options.services).map(({ service }) => service);
  await requireStateFolder(world, stateFolder);
  const held: Lock[] = [];
  try {
    for (const service of services.toSorted()) {
      const path = join(stateFolder, service, 'lock');
      const purpose = `release ${release.tag} of ${service} on ${machine}`;
      held.push(await world.locks.acquire({ path, purpose, waitMs: lockWaitMs, signal }));
    }
    return held;
  } catch (error) {
    for (const lock of held) await lock.release();
    throw error;
  }
}

async function requireStateFolder(world: HostWorld, path: string): Promise<void> {
  if ((await world.files.facts(path))?.kind === 'folder') return;
  throw new Fault('host', 'this host has no state folder', {
    where: path,
    expected: 'a folder that the group of the engine’s socket may write',
    cure: 'as root, once: rollout host init; or name another with --state',
  });
}

async function moveAll(host: Host, turns: readonly Turn[]): Promise<Told> {
  const services = turns.map(({ placement }) => placement.service);
  if (!host.options.acceptFiles) await host.project.refuseHandChanges(services);
  const checks = await passPreflight(host, turns);
  const moving = turns.filter(({ next }) => next === 'Preparing');
  if (moving.length === 0) return { checks, files: [], supervisors: [] };
  await pullAll(host, moving);
  const supervisors = await holdSupervisors(host, host.gaveUp() === undefined);
  let files: HostCutover['files'] = [];
  try {
    if (host.gaveUp() === undefined) files = await host.project.write(services);
    await moveTogether(host, moving);
  } catch (error) {
    host.giveUp(messageOf(error));
  } finally {
    await endAll(host, moving);
    await supervisors.letGo(turns);
  }
  return { checks, files, supervisors: supervisors.happened() };
}

async function passPreflight(host: Host, turns: readonly Turn[]): Promise<readonly Check[]> {
  for (const turn of turns) await drive(host, turn, 'Preflight');
  const changing = turns.filter(({ unchanged }) => unchanged === undefined);
  const { checks, failedOf } = await preflight(host, changing);
  for (const turn of changing) turn.preflight = failedOf(turn);
  for (const turn of turns) await drive(host, turn, 'Preparing');
  if (host.gaveUp() !== undefined) await endAll(host, turns);
  return checks;
}

/** All that can be made ready before the first old one stops; then the moves in their order; then one soak for all. */
async function moveTogether(host: Host, turns: readonly Turn[]): Promise<void> {
  const stopped = (): boolean => host.gaveUp() !== undefined;
  const { servicesAtOnce: atOnce } = host.options.release.deployment;
  await inOrder(turns, { atOnce, stopped, after: () => [] }, (turn) => drive(host, turn, 'Starting'));
  await inOrder(turns, needs(host, turns, { atOnce, stopped }), (turn) => drive(host, turn, 'Soaking'));
  if (stopped()) return;
  await Promise.all(turns.map((turn) => drive(host, turn, 'Finalising')));
  // From here on nothing stops it: an old one that is gone can't be half of a wave that went back.
  if (!stopped()) for (const turn of turns) await drive(host, turn, undefined);
}

/** After what `depends_on` and `after` name; a supervisor comes last, or it would heal what is being moved. */
function needs(host: Host, turns: readonly Turn[], base: Omit<Ordering<Turn>, 'after'>): Ordering<Turn> {
  const supervisors = host.options.release.deployment.supervisors.map(({ container }) => container);
  const heals = ({ placement }: Turn): boolean => supervisors.includes(placement.composeService);
  return {
    ...base,
    after: (turn) =>
      turns.filter((other) => {
        if (other === turn) return false;
        const named = turn.placement.after.includes(other.placement.service);
        return named || (heals(turn) && !heals(other));
      }),
  };
}

/** Once the wave is given up, whoever stands between two states goes back, or on where a failure only halts. */
async function endAll(host: Host, turns: readonly Turn[]): Promise<void> {
  const reason = host.gaveUp();
  const halts = host.options.release.deployment.onFailure === 'halt' && !host.signal.aborted;
  await Promise.all(
    turns.map((turn) =>
      reason === undefined || (halts && hasMoved(turn.state))
        ? drive(host, turn, undefined)
        : abandon(host, turn, reason),
    ),
  );
  if (reason !== undefined) await host.project.undoEnvironment(host.options.release.tag);
}
