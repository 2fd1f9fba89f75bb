// The states of one service on one host and the ways between them, as a table: pure, and the only place that decides.
import type { ServiceState } from '../documents/cutover.ts';

/** What became of a state's step. unchanged: the service already is what was asked for. */
export type StepEnd = 'done' | 'unchanged' | 'failed' | 'aborted';

/** A forward cutover rolls back; the way back itself is never rolled back: what fails there needs a person. */
export type Direction = 'forward' | 'return';

type Row = Readonly<Partial<Record<StepEnd, ServiceState>>>;

/** Failure and abort lead the same way in every state: before anything moved to Failed, after it back. */
const FORWARD: Readonly<Partial<Record<ServiceState, Row>>> = {
  Pending: { done: 'Preflight', failed: 'Failed', aborted: 'Failed' },
  Preflight: { done: 'Preparing', unchanged: 'Succeeded', failed: 'Failed', aborted: 'Failed' },
  Preparing: { done: 'Starting', failed: 'Failed', aborted: 'Failed' },
  Starting: { done: 'Verifying', failed: 'RollingBack', aborted: 'RollingBack' },
  Verifying: { done: 'Promoting', failed: 'RollingBack', aborted: 'RollingBack' },
  Promoting: { done: 'Soaking', failed: 'RollingBack', aborted: 'RollingBack' },
  Soaking: { done: 'Finalising', failed: 'RollingBack', aborted: 'RollingBack' },
  // Past this point the old one may be gone: it goes on, and is never rolled back.
  Finalising: { done: 'Succeeded', failed: 'Succeeded', aborted: 'Succeeded' },
  RollingBack: { done: 'RolledBack', failed: 'Degraded', aborted: 'Degraded' },
};

const RETURN: Readonly<Partial<Record<ServiceState, Row>>> = {
  Pending: { done: 'Preparing', unchanged: 'Succeeded', failed: 'Failed', aborted: 'Failed' },
  Preparing: { done: 'Starting', failed: 'Degraded', aborted: 'Degraded' },
  Starting: { done: 'Verifying', failed: 'Degraded', aborted: 'Degraded' },
  Verifying: { done: 'Finalising', failed: 'Degraded', aborted: 'Degraded' },
  Finalising: { done: 'RolledBack', failed: 'RolledBack', aborted: 'RolledBack' },
};

const TABLES = { forward: FORWARD, return: RETURN } as const;

/** The state after a step ended so; undefined when there is none, because the state is terminal or no such end exists. */
export function nextState(state: ServiceState, end: StepEnd, direction: Direction): ServiceState | undefined {
  return TABLES[direction][state]?.[end];
}

/** Whether traffic may have left the old container: from here on a way back has to be walked. */
export function hasMoved(state: ServiceState): boolean {
  return state === 'Starting' || state === 'Verifying' || state === 'Promoting' || state === 'Soaking';
}
