// Probes: one question to one address, answered as success, failure, or blind when it could not be asked.
import { Fault, messageOf } from '../fault.ts';
import type { Health } from '../documents/fleet.ts';
import type { Http, HttpAnswer } from '../world/http.ts';
import type { Sockets } from '../world/tcp.ts';
import { compareBody } from './exact-json.ts';

export type ProbeResult =
  | { readonly kind: 'success'; readonly status?: number; readonly body?: string }
  | { readonly kind: 'failure'; readonly reason: string; readonly status?: number; readonly body?: string }
  | { readonly kind: 'blind'; readonly reason: string }
  /** The container itself is gone, has ended or restarted: no further answer of it counts. */
  | { readonly kind: 'lost'; readonly reason: string };

export type Probe = () => Promise<ProbeResult>;

export const PROBE_TIMEOUT_MS = 2_000;
export const MAX_BODY_BYTES = 64 * 1024;
const KEPT_BODY_CHARACTERS = 1_000;

/** GET path: status 200 and the exact body, within the timeout, at most 64 KiB, no redirect. */
export function httpProbe(http: Http, address: string, port: number, health: Health): Probe {
  const host = address.includes(':') ? `[${address}]` : address;
  const url = `http://${host}:${port}${health.path}`;
  return async () => {
    try {
      // A kept connection could end at the former container, whose address the new one may have been given.
      const headers = { connection: 'close', accept: 'application/json' };
      const limits = { deadlineMs: PROBE_TIMEOUT_MS, maxBytes: MAX_BODY_BYTES };
      return judgeAnswer(await http.request({ method: 'GET', url, headers, ...limits }), url, health);
    } catch (error) {
      return unanswered(error, url);
    }
  };
}

export function tcpProbe(sockets: Sockets, address: string, port: number): Probe {
  return async () => {
    const connection = await sockets.tryConnect(address, port, PROBE_TIMEOUT_MS);
    if (connection.kind === 'open') return { kind: 'success' };
    const reason = `${address}:${port}: ${connection.message}`;
    return connection.kind === 'unreachable' ? { kind: 'blind', reason } : { kind: 'failure', reason };
  };
}

function judgeAnswer(answer: HttpAnswer, url: string, health: Health): ProbeResult {
  const { status } = answer;
  const body = Buffer.from(answer.body).toString('utf8').slice(0, KEPT_BODY_CHARACTERS);
  const failure = (reason: string): ProbeResult => ({ kind: 'failure', reason: `${url}: ${reason}`, status, body });
  if (status >= 300 && status < 400) return failure(`a redirect (${status}) is not an answer`);
  if (status !== 200) return failure(`expected status 200, found ${status}`);
  const compared = compareBody(answer.body, answer.headers['content-type'], health.exactly);
  return compared.kind === 'exact' ? { kind: 'success', status, body } : failure(compared.reason);
}

function unanswered(error: unknown, url: string): ProbeResult {
  const reason = `${url}: ${messageOf(error)}`;
  const unreachable = /EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EACCES/.test(String(causeOf(error)));
  return unreachable ? { kind: 'blind', reason } : { kind: 'failure', reason };
}

function causeOf(error: unknown): unknown {
  const cause = error instanceof Fault ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? cause.code : messageOf(cause);
}
