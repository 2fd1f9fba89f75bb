// Finds out, before anything moves, whether every machine of a rollout can be reached and has the command installed.
import type { Machine } from '../documents/fleet.ts';
import { messageOf } from '../fault.ts';
import type { World } from '../world/world.ts';

export type Reach =
  | { readonly kind: 'reached' }
  | { readonly kind: 'out-of-reach'; readonly reason: string }
  | { readonly kind: 'not-installed'; readonly reason: string };

export interface ReachOptions {
  readonly machines: readonly Machine[];
  /** The host's command, without `reach`. */
  readonly command: readonly string[];
  readonly signal: AbortSignal;
}

const ANSWER_MS = 15_000;
/** How long `offline: wait` waits for a machine before the rollout gives up. */
const OFFLINE_WAIT_MS = 10 * 60_000;
const OFFLINE_PERIOD_MS = 5_000;

/** By the machine's name. */
export async function reachAll(world: World, options: ReachOptions): Promise<ReadonlyMap<string, Reach>> {
  const answers = options.machines.map(
    async (machine) => [machine.name, await reach(world, machine, options)] as const,
  );
  return new Map(await Promise.all(answers));
}

async function reach(world: World, machine: Machine, options: ReachOptions): Promise<Reach> {
  const began = world.clock.monotonic();
  for (;;) {
    const found = await reachOnce(world, machine, options);
    const waited = world.clock.monotonic() - began;
    const patient = machine.offline === 'wait' && waited < OFFLINE_WAIT_MS && !options.signal.aborted;
    if (found.kind !== 'out-of-reach' || !patient) return found;
    world.log.info(`${machine.name} is out of reach, waiting: ${found.reason}`);
    await world.clock.sleep(OFFLINE_PERIOD_MS, options.signal).catch(() => undefined);
  }
}

async function reachOnce(world: World, machine: Machine, options: ReachOptions): Promise<Reach> {
  const help = [...machine.reach, ...options.command, '--help'];
  const refusal = await refusalOf(world, help, options.signal);
  if (refusal === undefined) return { kind: 'reached' };
  // A machine that runs nothing at all is off; one that runs `true` lacks only the command.
  const silence = await refusalOf(world, [...machine.reach, 'true'], options.signal);
  if (silence !== undefined) return { kind: 'out-of-reach', reason: silence };
  return { kind: 'not-installed', reason: `${refusal}; install it on the host: rollout host init` };
}

/** Why the command could not be run; undefined when it could. */
async function refusalOf(world: World, command: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  try {
    await world.processes.run(command, { deadlineMs: ANSWER_MS, signal });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
