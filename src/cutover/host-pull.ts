// Images by digest onto this host, before anything is stopped.
import { Fault, messageOf } from '../fault.ts';
import type { Host, Turn } from './host-turn.ts';

/** Pulls each image that is not here yet; the first that can't be had gives the wave up. */
export async function pullAll(host: Host, turns: readonly Turn[]): Promise<void> {
  for (const reference of new Set(turns.map(({ target }) => target.reference))) {
    if (host.signal.aborted) return;
    try {
      await pullMissing(host, reference);
    } catch (error) {
      host.giveUp(`${reference} could not be pulled: ${lastWords(error)}`);
      return;
    }
  }
}

export async function pullMissing(host: Host, reference: string): Promise<void> {
  if ((await host.engine.image(reference)) !== undefined) return;
  const began = host.world.clock.monotonic();
  host.world.log.info(`pulling ${reference}`);
  await host.compose.pull(reference, () => undefined, host.signal);
  const seconds = (host.world.clock.monotonic() - began) / 1000;
  host.world.log.done(`pulled ${reference} in ${seconds.toFixed(1)} s`);
}

/** Docker says why in its last line; the exit code alone would not tell a login from a network. */
function lastWords(error: unknown): string {
  const said = error instanceof Fault ? error.detail.found?.trimEnd().split('\n').at(-1) : undefined;
  return said === undefined || said === '' ? messageOf(error) : said;
}
