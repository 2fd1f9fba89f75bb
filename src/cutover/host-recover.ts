// What a killed rollout left of a service is brought to an end before anything new begins: back, or past the point of no return forward.
import type { ServiceState } from '../documents/cutover.ts';
import type { Placement } from '../documents/fleet.ts';
import { composeServiceOf, ROLLOUT_LABELS } from '../hosts/container.ts';
import type { Journal } from '../journal/journal.ts';
import type { OpenDeployment } from '../journal/replay.ts';
import { enter, note } from './host-account.ts';
import { rollBack, undoPreparation } from './host-back.ts';
import { hasMoved } from './host-machine.ts';
import { finalise } from './host-move.ts';
import { newTurn, type Host, type Turn } from './host-turn.ts';

export async function recover(host: Host, placement: Placement, journal: Journal): Promise<void> {
  const { open } = journal.history();
  if (open === undefined) return;
  note(host, `${placement.service}: release ${open.deployment} was left in ${open.state}; bringing it to an end`);
  const turn = await reopen(host, placement, journal, open);
  const [end, message] = await finish(host, turn, open.state);
  await enter(host, turn, end, `recovered: ${message}`);
}

async function finish(host: Host, turn: Turn, state: ServiceState): Promise<readonly [ServiceState, string]> {
  if (state === 'Finalising') {
    const result = await finalise(host, turn);
    return ['Succeeded', result.message ?? 'the new one serves'];
  }
  if (hasMoved(state) || state === 'RollingBack') {
    await enter(host, turn, 'RollingBack', 'recovering');
    const result = await rollBack(host, turn);
    return [result.kind === 'done' ? 'RolledBack' : 'Degraded', result.message ?? ''];
  }
  await undoPreparation(host, turn);
  return ['Failed', 'nothing had moved'];
}

async function reopen(host: Host, placement: Placement, journal: Journal, open: OpenDeployment): Promise<Turn> {
  const pin = open.pin ?? { image: '', deployment: open.deployment, digest: '' };
  const target = { pin, reference: '', repository: '', tag: '' };
  const configuration = open.release?.configuration ?? '';
  const turn = newTurn({ placement, target, journal, configuration, direction: 'forward' });
  turn.state = open.state;
  turn.kept = open.kept;
  turn.before = open.kept === undefined ? undefined : await host.engine.container(open.kept.container);
  turn.made = open.to ?? (await madeBy(host, placement, open));
  turn.pinned = open.pinned;
  turn.becomes = open.release;
  return turn;
}

/** Killed between Compose's act and our word of it: the container says by its label whose it is. */
async function madeBy(host: Host, placement: Placement, open: OpenDeployment): Promise<string | undefined> {
  const all = await host.engine.containers();
  const found = all.find(
    (container) =>
      composeServiceOf(container, host.rendered.name) === placement.composeService &&
      container.labels[ROLLOUT_LABELS.deployment] === open.deployment &&
      container.id !== open.kept?.container,
  );
  return found?.id;
}
