// Which images a host lets go after a success: never one that runs, never one the way back needs, never a volume.
import type { ReleaseRecord } from '../journal/event.ts';
import type { Host, Turn } from './host-turn.ts';

/** Releases beyond the newest `keep` former ones, whose image no kept release shares. */
export function outdated(current: string, former: readonly ReleaseRecord[], keep: number): readonly ReleaseRecord[] {
  // One former release is the way back, whatever the policy says.
  const kept = former.slice(0, Math.max(1, keep));
  const needed = new Set([current, ...kept.map(({ pin }) => pin.digest)]);
  return former.slice(kept.length).filter(({ pin }) => !needed.has(pin.digest));
}

export async function pruneReleases(host: Host, turn: Turn): Promise<void> {
  const { current, former } = turn.journal.history();
  const all = current === undefined ? former : [current, ...former];
  const keep = host.options.release.deployment.keepReleases;
  for (const { pin } of outdated(turn.target.pin.digest, all, keep)) {
    const [named = '', digest = ''] = pin.image.split('@');
    const name = named.slice(0, named.lastIndexOf(':'));
    // The engine refuses an image that a container uses, and then it stays.
    await host.engine.removeImage(named);
    await host.engine.removeImage(`${name}@${digest}`);
  }
}
