// Self-healing supervisors during a cutover: stopped before it and started after it, or watched, and told either way.
import type { Supervisor } from '../documents/fleet.ts';
import type { HostCutover } from '../documents/cutover.ts';
import { messageOf } from '../fault.ts';
import { isRunning, type Container } from '../hosts/container.ts';
import { BOOTING_PERIOD_MS } from '../health/watch.ts';
import { isNamed } from '../hosts/preflight.ts';
import { isoTime } from '../world/clock.ts';
import { note } from './host-account.ts';
import type { Host, Turn } from './host-turn.ts';
import { probeOf } from './host-watch.ts';

export interface HeldSupervisors {
  /** Starts again what was stopped and was not replaced by this cutover. Never throws. */
  letGo(turns: readonly Turn[]): Promise<void>;
  happened(): HostCutover['supervisors'];
}

const STOP_GRACE_MS = 10_000;
/** How long the report waits for a supervisor that was started again to answer. */
const ANSWER_DEADLINE_MS = 15_000;

/** With nothing to move, nobody is stopped. */
export async function holdSupervisors(host: Host, moves: boolean): Promise<HeldSupervisors> {
  const log: { container: string; at: string; event: string }[] = [];
  const tell = (container: string, event: string): void => {
    log.push({ container, at: isoTime(host.world.clock.now()), event });
    note(host, `supervisor ${container}: ${event}`);
  };
  const stopped: Container[] = [];
  const unlisten: (() => void)[] = [];
  for (const { supervisor, container } of moves ? await runningSupervisors(host) : []) {
    unlisten.push(host.hub.listen(container.id, ({ action }) => tell(container.name, action)));
    if (supervisor.during === 'observe') continue;
    tell(container.name, 'stopping it for the cutover');
    await host.project.record('stop-supervisor', container.id);
    await host.engine.stop(container.id, STOP_GRACE_MS);
    stopped.push(container);
  }
  return {
    letGo: async (turns) => {
      for (const container of stopped) await startAgain(host, container, turns, tell);
      for (const stop of unlisten) stop();
    },
    happened: () => log,
  };
}

/** Starts what a killed rollout had stopped. */
export async function restoreSupervisors(host: Host): Promise<void> {
  for (const id of await host.project.stoppedSupervisors()) {
    const container = await host.engine.container(id);
    if (container !== undefined && !isRunning(container)) {
      await host.engine.start(id);
      note(host, `supervisor ${container.name}: started, an earlier rollout had left it stopped`);
    }
    await host.project.record('start-supervisor', id);
  }
}

async function runningSupervisors(host: Host): Promise<readonly { supervisor: Supervisor; container: Container }[]> {
  const { supervisors } = host.options.release.deployment;
  const running = (await host.engine.containers()).filter(isRunning);
  return supervisors.flatMap((supervisor) =>
    running
      .filter((container) => isNamed(container, supervisor.container))
      .map((container) => ({ supervisor, container })),
  );
}

async function startAgain(
  host: Host,
  container: Container,
  turns: readonly Turn[],
  tell: (container: string, event: string) => void,
): Promise<void> {
  const now = await host.engine.container(container.id).catch(() => undefined);
  const turn = turns.find(({ before }) => before?.id === container.id);
  // Cut over itself: the new one runs already, and the old one stays stopped.
  try {
    const replaced = now === undefined || (turn?.state === 'Succeeded' && turn.unchanged === undefined);
    if (!replaced && !isRunning(now)) await host.engine.start(container.id);
    await host.project.record('start-supervisor', container.id);
    if (replaced) return;
    tell(container.name, 'started again');
    await untilItAnswers(host, container, tell);
  } catch (error) {
    tell(container.name, `could not be started again: ${messageOf(error)}`);
    host.world.log.error(`the supervisor ${container.name} could not be started again: ${messageOf(error)}`);
  }
}

/** Whether it really came back, told when it does; an abort does not wait for it. */
async function untilItAnswers(
  host: Host,
  container: Container,
  tell: (container: string, event: string) => void,
): Promise<void> {
  const { clock } = host.world;
  const { release, machine, signal } = host.options;
  const placement = release.deployment.placements.find(
    (one) => one.machine === machine && isNamed(container, one.composeService),
  );
  const started = await host.engine.container(container.id);
  if (placement === undefined || started === undefined) return;
  const probe = probeOf(host, started, placement);
  const until = clock.monotonic() + ANSWER_DEADLINE_MS;
  for (;;) {
    const answer = await probe();
    if (answer.kind === 'success') return tell(container.name, 'answers again');
    if (signal.aborted || clock.monotonic() > until) {
      return tell(container.name, `does not answer yet${'reason' in answer ? `: ${answer.reason}` : ''}`);
    }
    await clock.sleep(BOOTING_PERIOD_MS);
  }
}
