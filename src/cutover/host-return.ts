// The way back to the former release, from the journal and the pins on this host alone: the registry and GitHub may be gone.
import type { HostCutover } from '../documents/cutover.ts';
import type { Check } from '../documents/findings.ts';
import { messageOf } from '../fault.ts';
import { drive } from './host-drive.ts';
import { inOrder } from './host-order.ts';
import { pullMissing } from './host-pull.ts';
import { holdSupervisors } from './host-supervisors.ts';
import type { Host, Turn } from './host-turn.ts';

export interface Told {
  readonly checks: readonly Check[];
  readonly files: HostCutover['files'];
  readonly supervisors: HostCutover['supervisors'];
}

export async function returnAll(host: Host, turns: readonly Turn[]): Promise<Told> {
  const { tag, deployment } = host.options.release;
  const returning = turns.filter(({ unchanged }) => unchanged === undefined);
  const supervisors = await holdSupervisors(host, returning.length > 0);
  try {
    if (returning.length > 0) await undoFiles(host);
    for (const turn of returning) await pullMissing(host, turn.target.reference).catch(() => undefined);
    const ordering = { atOnce: deployment.servicesAtOnce, after: () => [], stopped: () => false };
    await inOrder(turns, ordering, (turn) => returnOne(host, turn));
    await host.project.undoEnvironment(tag);
  } finally {
    await supervisors.letGo(turns);
  }
  return { checks: [], files: [], supervisors: supervisors.happened() };
}

async function undoFiles(host: Host): Promise<void> {
  await host.project.undo(host.options.release.tag).catch((error: unknown) => {
    host.world.log.warn(`the project's files could not be brought back: ${messageOf(error)}`);
  });
}

async function returnOne(host: Host, turn: Turn): Promise<void> {
  const undoes = turn.next === 'RollingBack';
  await drive(host, turn, undefined);
  if (!undoes || turn.state !== 'RolledBack') return;
  const { deployment } = turn.target.pin;
  await turn.journal.append({ deployment, state: 'RolledBack', kind: 'done', act: 'undo-release' });
}
