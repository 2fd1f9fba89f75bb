// The way back of one service: traffic to the old container first, then its health, then what the failed one left behind.
import type { ServiceCutover } from '../documents/cutover.ts';
import { messageOf } from '../fault.ts';
import { gate } from '../health/watch.ts';
import { composeServiceOf, isRunning, type Container } from '../hosts/container.ts';
import { maskSecrets } from '../hosts/mask.ts';
import { act } from './host-account.ts';
import { failed, setAsideName } from './host-move.ts';
import { projectOf, type Host, type StepResult, type Turn } from './host-turn.ts';
import { subjectOf } from './host-watch.ts';

const START_TRIES = 3;
const EVIDENCE_LINES = 200;
/** Clients wait for the port that a failed container holds: it gets no more time than this to end well. */
const FAILED_GRACE_MS = 1_000;

/** Back to what served before. Not interrupted by anything, and never itself rolled back. */
export async function rollBack(host: Host, turn: Turn): Promise<StepResult> {
  await undoFiles(host, turn);
  await restorePin(host, turn);
  await stopNew(host, turn);
  const back = await bringBack(host, turn);
  await collectEvidence(host, turn);
  await removeNew(host, turn);
  return back;
}

/** Nothing had moved: what was made for this service goes, and its pin is as before. */
export async function undoPreparation(host: Host, turn: Turn): Promise<void> {
  await undoFiles(host, turn);
  await restorePin(host, turn);
  await removeNew(host, turn);
}

/** Where the fleet returns every host, the files go back at once: a restart of the old must not meet the new ones. */
async function undoFiles(host: Host, turn: Turn): Promise<void> {
  if (host.options.release.deployment.onFailure === 'halt') return;
  await host.project.undo(turn.target.pin.deployment).catch((error: unknown) => {
    host.world.log.warn(`the project's files could not be brought back: ${messageOf(error)}`);
  });
}

async function restorePin(host: Host, turn: Turn): Promise<void> {
  if (!turn.pinned) return;
  const { composeService } = turn.placement;
  const formerPin = turn.journal.history().open?.formerPin;
  await act(turn, { act: 'restore-pin', facts: formerPin === undefined ? {} : { formerPin } }, () =>
    host.project.setPin(composeService, formerPin),
  ).catch((error: unknown) => {
    host.world.log.warn(`the pin of ${composeService} could not be brought back: ${messageOf(error)}`);
  });
  turn.pinned = false;
}

async function stopNew(host: Host, turn: Turn): Promise<void> {
  const { made } = turn;
  if (made === undefined) return;
  const graceMs = Math.min(turn.placement.stopGraceMs, FAILED_GRACE_MS);
  await act(turn, { act: 'stop-new', facts: { to: made } }, () => host.engine.stop(made, graceMs)).catch(
    (error: unknown) => {
      host.world.log.warn(`the new container of ${turn.placement.service} did not stop: ${messageOf(error)}`);
    },
  );
}

async function bringBack(host: Host, turn: Turn): Promise<StepResult> {
  const { kept } = turn;
  if (kept === undefined) return { kind: 'done', message: 'nothing ran before, nothing runs now' };
  if (!kept.wasRunning) return { kind: 'done', message: `${kept.name} did not run before and is as it was` };
  let last = '';
  for (let tries = 1; tries <= START_TRIES; tries += 1) {
    const trouble = await startOld(host, turn).catch((error: unknown) => messageOf(error));
    if (trouble === undefined) return { kind: 'done', message: `${kept.name} serves again` };
    last = trouble;
    host.world.log.warn(`${kept.name} did not come back (${tries} of ${START_TRIES}): ${trouble}`);
  }
  return failed(`${kept.name} was started ${START_TRIES} times and does not serve: ${last}; look at it on this host`);
}

/** Why it does not serve, or undefined. */
async function startOld(host: Host, turn: Turn): Promise<string | undefined> {
  const old = await findOld(host, turn);
  if (old === undefined) return 'it is not there any more';
  if (!isRunning(old)) await startAgain(host, turn, old);
  if (turn.kept?.wasHealthy === false) return undefined;
  const container = await host.engine.container(old.id);
  if (container === undefined) return 'it went away';
  const subject = subjectOf(host, container, turn.placement);
  const result = await gate(host.world.clock, subject, turn.placement.health, undefined);
  return result.verdict === 'unhealthy' ? result.reason : undefined;
}

async function startAgain(host: Host, turn: Turn, old: Container): Promise<void> {
  const { kept } = turn;
  await act(turn, { act: 'start-old', facts: { message: old.name } }, async () => {
    if (kept !== undefined && kept.name !== old.name) await host.engine.rename(old.id, kept.name);
    // Before it runs: an update of a running container could take its GPU away.
    if (kept !== undefined) await host.engine.setRestartPolicy(old.id, kept.restartPolicy);
    await host.engine.start(old.id);
  });
}

async function findOld(host: Host, turn: Turn): Promise<Container | undefined> {
  const { kept } = turn;
  if (kept === undefined) return undefined;
  const same = await host.engine.container(kept.container);
  if (same !== undefined) {
    if (turn.manner === 'in-place' && same.name === setAsideName(turn, { ...same, name: kept.name })) {
      await removeNew(host, turn);
    }
    return same;
  }
  // Compose replaced it in place: from its former pin it makes it again.
  await removeNew(host, turn);
  const service = turn.placement.composeService;
  await host.alone(() => act(turn, { act: 'recreate-old' }, () => host.compose.recreate(projectOf(host), service)));
  const all = await host.engine.containers();
  return all.find((container) => composeServiceOf(container, host.rendered.name) === service);
}

async function removeNew(host: Host, turn: Turn): Promise<void> {
  const { made } = turn;
  if (made === undefined) return;
  await collectEvidence(host, turn);
  await act(turn, { act: 'remove-new', facts: { to: made } }, () => host.engine.remove(made)).catch(
    (error: unknown) => {
      host.world.log.warn(`the new container of ${turn.placement.service} could not be removed: ${messageOf(error)}`);
    },
  );
  turn.made = undefined;
}

/** The failed container's last words, once, before it goes. */
async function collectEvidence(host: Host, turn: Turn): Promise<void> {
  const { made } = turn;
  if (made === undefined || turn.evidence !== undefined) return;
  turn.evidence = await readEvidence(host, made).catch((error: unknown) => {
    host.world.log.warn(`no evidence of ${turn.placement.service}: ${messageOf(error)}`);
    return undefined;
  });
}

async function readEvidence(host: Host, id: string): Promise<ServiceCutover['evidence']> {
  const container = await host.engine.container(id);
  const log = await host.engine.log(id, EVIDENCE_LINES);
  const events = [...host.hub.lines(id)];
  if (container === undefined) return { log: [...log], events };
  return {
    exitCode: container.exitCode,
    outOfMemory: container.outOfMemory,
    restarts: container.restarts,
    log: [...maskSecrets(log, container.environment)],
    events,
  };
}
