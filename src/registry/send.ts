// One request to a registry or its token service, with everything that can go wrong on the way turned into an attempt.
import { Fault } from '../fault.ts';
import type { HttpAnswer, HttpRequest } from '../world/http.ts';
import type { World } from '../world/world.ts';
import { busy, doubtful, refused, settled, type Attempt } from './attempt.ts';
import type { Budget } from './budget.ts';

export type Question = Omit<HttpRequest, 'deadlineMs' | 'socket' | 'signal'>;

export type Send = (question: Question) => Promise<Attempt<HttpAnswer>>;

/** Sends once. Any HTTP status is a settled answer; only an interruption by the user is thrown. */
export function makeSend(world: World, budget: Budget): Send {
  return async (question) => {
    try {
      return settled(await world.http.request({ ...question, deadlineMs: budget.spend() }));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return explainFault(error);
    }
  };
}

function explainFault(fault: Fault): Attempt<HttpAnswer> {
  if (fault.code === 'timeout') return busy(fault.message);
  if (fault.code !== 'network') throw fault;
  const kind = fault.detail.facts?.['kind'];
  if (kind === 'too-large') return doubtful(`${fault.message} (${fault.detail.expected ?? 'bounded'})`);
  if (kind !== 'tls') return busy(fault.message);
  const cure = 'if its certificate comes from an authority of your own, name it in NODE_EXTRA_CA_CERTS';
  return refused({ kind: 'unknown', message: fault.message, cure });
}
