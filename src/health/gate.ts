// The health gate as a pure machine: observations in, a verdict out, no clock and no network.
import type { GateResult } from '../documents/cutover.ts';

export interface GatePolicy {
  /** Milliseconds without one failure after the successes in a row. */
  readonly minHealthyTimeMs: number;
  /** Milliseconds from the start within which the verdict must be healthy. */
  readonly healthyDeadlineMs: number;
}

export type Observation =
  | { readonly kind: 'success'; readonly at: number; readonly status?: number; readonly body?: string }
  | {
      readonly kind: 'failure';
      readonly at: number;
      readonly reason: string;
      readonly status?: number;
      readonly body?: string;
    }
  /** The probe itself could not be made: nothing is said about the container. */
  | { readonly kind: 'blind'; readonly at: number; readonly reason: string }
  /** The container exited, was killed for memory, restarted, was removed, or runs another image. */
  | { readonly kind: 'lost'; readonly at: number; readonly reason: string }
  | { readonly kind: 'tick'; readonly at: number };

export interface GateState {
  readonly startedAt: number;
  readonly phase: 'booting' | 'answering' | 'holding' | 'decided';
  readonly successesInRow: number;
  readonly failuresInRow: number;
  readonly attempts: number;
  /** Probes that reached somebody, whatever the answer: without one the gate was blind. */
  readonly reached: number;
  readonly firstSuccessAt: number | undefined;
  readonly holdingSince: number | undefined;
  readonly lastStatus: number | undefined;
  readonly lastBody: string | undefined;
  readonly lastReason: string;
  readonly verdict: GateResult['verdict'] | undefined;
}

export const SUCCESSES_IN_A_ROW = 3;
/** One failure after the first success starts the count anew; this many in a row end it. */
export const FAILURES_IN_A_ROW = 2;
const BODY_CHARACTERS = 1_000;

export function beginGate(at: number): GateState {
  return {
    startedAt: at,
    phase: 'booting',
    successesInRow: 0,
    failuresInRow: 0,
    attempts: 0,
    reached: 0,
    firstSuccessAt: undefined,
    holdingSince: undefined,
    lastStatus: undefined,
    lastBody: undefined,
    lastReason: 'no probe was answered yet',
    verdict: undefined,
  };
}

/** What the gate knows after one more observation. A decided gate never changes. */
export function nextGate(state: GateState, observation: Observation, policy: GatePolicy): GateState {
  if (state.phase === 'decided') return state;
  if (observation.kind === 'lost') return decide(state, 'unhealthy', observation.reason);
  const seen = observe(state, observation);
  if (isTooLate(seen, observation.at, policy)) return outOfTime(seen, policy);
  if (seen.firstSuccessAt !== undefined && seen.failuresInRow >= FAILURES_IN_A_ROW) {
    return decide(
      seen,
      'unhealthy',
      `${seen.failuresInRow} failures in a row after it was healthy: ${seen.lastReason}`,
    );
  }
  // Time alone opens no gate: the last thing seen must be a good answer.
  return observation.kind === 'success' ? hold(seen, observation.at, policy) : seen;
}

export function gateResult(state: GateState): GateResult {
  const { firstSuccessAt, lastStatus, lastBody, startedAt } = state;
  return {
    verdict: state.verdict ?? 'inconclusive',
    attempts: state.attempts,
    reason: state.lastReason,
    ...(firstSuccessAt === undefined ? {} : { firstHealthyMs: Math.max(0, firstSuccessAt - startedAt) }),
    ...(lastStatus === undefined ? {} : { lastStatus }),
    ...(lastBody === undefined ? {} : { lastBody: lastBody.slice(0, BODY_CHARACTERS) }),
  };
}

function observe(state: GateState, observation: Exclude<Observation, { kind: 'lost' }>): GateState {
  switch (observation.kind) {
    case 'tick':
      return state;
    case 'blind':
      return failed({ ...state, attempts: state.attempts + 1 }, observation.reason);
    case 'failure':
      return failed(answered(state, observation), observation.reason);
    case 'success':
      return succeeded(answered(state, observation), observation.at);
  }
}

function answered(state: GateState, answer: { status?: number; body?: string }): GateState {
  const counted = { attempts: state.attempts + 1, reached: state.reached + 1 };
  return { ...state, ...counted, lastStatus: answer.status, lastBody: answer.body };
}

function failed(state: GateState, reason: string): GateState {
  const phase = state.firstSuccessAt === undefined ? 'booting' : 'answering';
  const failuresInRow = state.failuresInRow + 1;
  return { ...state, phase, failuresInRow, successesInRow: 0, holdingSince: undefined, lastReason: reason };
}

function succeeded(state: GateState, at: number): GateState {
  const successesInRow = state.successesInRow + 1;
  const holds = successesInRow >= SUCCESSES_IN_A_ROW;
  return {
    ...state,
    phase: holds ? 'holding' : 'answering',
    successesInRow,
    failuresInRow: 0,
    firstSuccessAt: state.firstSuccessAt ?? at,
    holdingSince: holds ? (state.holdingSince ?? at) : undefined,
    lastReason: `${successesInRow} good answers in a row`,
  };
}

function isTooLate(state: GateState, at: number, policy: GatePolicy): boolean {
  return at - state.startedAt > policy.healthyDeadlineMs;
}

function outOfTime(state: GateState, policy: GatePolicy): GateState {
  const late = `not healthy within ${policy.healthyDeadlineMs} ms; last: ${state.lastReason}`;
  const blind = state.attempts > 0 && state.reached === 0;
  return decide(state, blind ? 'inconclusive' : 'unhealthy', blind ? `the probe never reached it; ${late}` : late);
}

function hold(state: GateState, at: number, policy: GatePolicy): GateState {
  if (state.holdingSince === undefined || at - state.holdingSince < policy.minHealthyTimeMs) return state;
  const held = Math.round(at - state.holdingSince);
  return decide(
    state,
    'healthy',
    `${state.successesInRow} good answers in a row, the last ${held} ms without a failure`,
  );
}

function decide(state: GateState, verdict: GateResult['verdict'], reason: string): GateState {
  return { ...state, phase: 'decided', verdict, lastReason: reason };
}
