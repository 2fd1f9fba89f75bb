// One HTTP question on a connection of its own, as a new client asks it: nothing is pooled, nothing is asked twice.
import { get, type IncomingMessage } from 'node:http';
import { Fault, messageOf } from '../fault.ts';

export interface FreshRequest {
  readonly url: string;
  /** Milliseconds for the whole exchange, the connection and the body included. */
  readonly deadlineMs: number;
  /** Bytes of body accepted. */
  readonly maxBytes: number;
}

export interface FreshAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Asks once. Throws Fault `timeout`, or `network` with facts.kind `refused | reset | too-large | other`. */
export type AskFresh = (request: FreshRequest) => Promise<FreshAnswer>;

export const askFresh: AskFresh = (request) =>
  new Promise((resolve, reject) => {
    const state = { timedOut: false };
    const question = get(request.url, { agent: false });
    // Not the request's own timeout option: that one starts anew with every byte.
    const timer = setTimeout(() => {
      state.timedOut = true;
      question.destroy();
    }, request.deadlineMs);
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      reject(explain(error, request, state.timedOut));
    };
    question.on('error', fail);
    question.once('response', (response) => {
      readAll(response, request)
        .then((body) => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, body });
        })
        .catch(fail)
        .finally(() => question.destroy());
    });
  });

async function readAll(response: IncomingMessage, request: FreshRequest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const arriving: AsyncIterable<Uint8Array> = response;
  for await (const chunk of arriving) {
    size += chunk.byteLength;
    if (size > request.maxBytes) throw failure(request, 'too-large', `more than ${request.maxBytes} bytes of body`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function explain(error: unknown, request: FreshRequest, timedOut: boolean): Fault {
  if (timedOut) return new Fault('timeout', `no complete answer within ${request.deadlineMs} ms: GET ${request.url}`);
  if (error instanceof Fault) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/.test(code)) {
    return failure(request, 'refused', messageOf(error), error);
  }
  const reset = /^(?:ECONNRESET|EPIPE)$/.test(code) || messageOf(error) === 'aborted';
  return failure(request, reset ? 'reset' : 'other', messageOf(error), error);
}

function failure(request: FreshRequest, kind: string, why: string, cause?: unknown): Fault {
  return new Fault('network', `no complete answer to GET ${request.url}: ${why}`, { facts: { kind }, cause });
}
