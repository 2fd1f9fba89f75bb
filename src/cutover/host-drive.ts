// The loop that takes a turn through its states: enter, step, ask the table where to go.
import type { ServiceState } from '../documents/cutover.ts';
import { messageOf } from '../fault.ts';
import { enter } from './host-account.ts';
import { rollBack, undoPreparation } from './host-back.ts';
import { hasMoved, nextState, type StepEnd } from './host-machine.ts';
import { failed, finalise, prepare, promote, releaseOf, start, verify, watchOver } from './host-move.ts';
import { DONE, type Host, type StepResult, type Turn } from './host-turn.ts';

type Step = (host: Host, turn: Turn) => Promise<StepResult>;

const STEPS: Readonly<Partial<Record<ServiceState, Step>>> = {
  Pending: (_host, turn) => Promise.resolve(turn.direction === 'return' ? judgeUnchanged(turn) : DONE),
  Preflight: (_host, turn) => Promise.resolve(judgePreflight(turn)),
  Preparing: prepare,
  Starting: start,
  Verifying: verify,
  Promoting: promote,
  Soaking: watchOver,
  Finalising: finalise,
  RollingBack: rollBack,
};

/** Takes a turn on until it is about to enter `until`, or is at its end. */
export async function drive(host: Host, turn: Turn, until: ServiceState | undefined): Promise<void> {
  while (turn.next !== undefined && turn.next !== until) {
    if (turn.next === 'Failed' && turn.state === 'Preparing') await undoPreparation(host, turn);
    if (turn.next === 'Finalising') turn.becomes = releaseOf(host, turn);
    await enter(host, turn, turn.next, turn.reason);
    const step = STEPS[turn.state];
    if (step === undefined) turn.next = undefined;
    else await take(host, turn, step);
  }
}

/** Ends a turn that stands between two states because others failed, or because we were asked to stop. */
export async function abandon(host: Host, turn: Turn, reason: string): Promise<void> {
  if (turn.next !== undefined && turn.next !== 'RollingBack') settle(turn, { end: 'aborted', reason });
  await drive(host, turn, undefined);
}

async function take(host: Host, turn: Turn, step: Step): Promise<void> {
  const interruptible = hasMoved(turn.state) || turn.state === 'Preparing';
  try {
    if (interruptible) host.signal.throwIfAborted();
    const result = await step(host, turn);
    settle(turn, { end: result.kind, reason: result.message ?? '' });
  } catch (error) {
    const aborted = interruptible && host.signal.aborted;
    const reason = aborted ? (host.gaveUp() ?? 'stopped') : messageOf(error);
    settle(turn, { end: aborted ? 'aborted' : 'failed', reason });
  }
  const lost = turn.next === 'RollingBack' || turn.next === 'Failed' || turn.next === 'Degraded';
  if (lost) host.giveUp(`${turn.placement.service}: ${turn.reason}`);
}

function settle(turn: Turn, { end, reason }: { readonly end: StepEnd; readonly reason: string }): void {
  if (turn.cause === undefined && (end === 'failed' || end === 'aborted')) {
    turn.cause = reason;
    turn.spared = end === 'aborted';
  }
  turn.next = nextState(turn.state, end, turn.direction);
  turn.reason = reason;
}

function judgePreflight(turn: Turn): StepResult {
  const { preflight } = turn;
  if (turn.unchanged !== undefined) return judgeUnchanged(turn);
  if (preflight === undefined) return DONE;
  return failed(`${preflight.rule} ${preflight.where}: ${preflight.message}`);
}

function judgeUnchanged({ unchanged }: Turn): StepResult {
  return unchanged === undefined ? DONE : { kind: 'unchanged', message: unchanged };
}
