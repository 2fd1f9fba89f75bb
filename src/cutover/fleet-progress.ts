// What a person watching a rollout sees: one line per change of a service, with the time since it began.
import type { CutoverEvent, ServiceState } from '../documents/cutover.ts';
import type { Log } from '../world/log.ts';
import type { World } from '../world/world.ts';

type Level = 'info' | 'done' | 'warn' | 'error';

/** A listener that writes every event as a line. */
export function showProgress(world: Pick<World, 'clock' | 'log'>): (event: CutoverEvent) => void {
  const began = new Map<string, number>();
  return (event) => {
    if (event.kind === 'note') world.log.info(`${event.machine} ${event.message}`);
    if (event.kind !== 'state') return;
    const key = `${event.machine} ${event.service}`;
    const now = world.clock.monotonic();
    const from = began.get(key) ?? now;
    began.set(key, from);
    const seconds = ((now - from) / 1_000).toFixed(1);
    const message = event.message === '' ? '' : `  ${event.message}`;
    levelOf(world.log, event.state)(`${key} ${event.state} ${seconds}s${message}`);
  };
}

function levelOf(log: Log, state: ServiceState): (text: string) => void {
  return (text) => log[LEVELS[state] ?? 'info'](text);
}

const LEVELS: Readonly<Partial<Record<ServiceState, Level>>> = {
  Succeeded: 'done',
  RollingBack: 'warn',
  RolledBack: 'warn',
  Paused: 'warn',
  Failed: 'error',
  Degraded: 'error',
};
