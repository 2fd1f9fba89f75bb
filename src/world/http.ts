// One bounded HTTP request at a time: a deadline, a size limit, no redirect followed, TLS or a unix socket.
import type { Dispatcher } from 'undici';
import { Fault, messageOf } from '../fault.ts';
import { makeAgents, type Agents, type Loan } from './agents.ts';
import { authorizationHeader, withoutEcho, type Authorization } from './authorization.ts';
import { startTimer } from './timer.ts';

export type { Authorization } from './authorization.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorization?: Authorization;
  readonly body?: string | Uint8Array;
  /** Milliseconds for the whole exchange, body included. */
  readonly deadlineMs: number;
  /** Bytes of body accepted; one more is a Fault `network` with facts.kind `too-large`. */
  readonly maxBytes: number;
  /** A unix socket to speak over instead of the URL's host. */
  readonly socket?: string;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; repeated headers joined with ', '. In a refusal (400 and up) our own login is redacted, as in its body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Http {
  /**
   * Sends one request and reads the whole answer; redirects are returned, never followed.
   * Throws Fault `timeout`, `aborted`, or `network` with facts.kind `refused | reset | too-large | tls | other`.
   */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** As request, but hands out the body's chunks as they come; the deadline is for the headers only. */
  stream(request: HttpRequest): Promise<{ readonly status: number; readonly chunks: AsyncIterable<Uint8Array> }>;
}

export function makeHttp(): Http {
  const agents = makeAgents();
  return {
    request: (request) => send(request, agents),
    stream: (request) => open(request, agents),
  };
}

async function send(request: HttpRequest, agents: Agents): Promise<HttpAnswer> {
  const loan = await agents.borrow(request);
  const deadline = startDeadline(request.deadlineMs);
  try {
    const answer = await dispatch(request, loan, deadline.signal);
    const body = await readBounded(answer.body, request);
    loan.giveBack('done');
    return withoutEcho({ status: answer.statusCode, headers: flat(answer.headers), body }, request.authorization);
  } catch (error) {
    loan.giveBack('failed');
    throw explain(error, request, deadline.signal);
  } finally {
    deadline.clear();
  }
}

async function open(
  request: HttpRequest,
  agents: Agents,
): Promise<{ status: number; chunks: AsyncIterable<Uint8Array> }> {
  const loan = await agents.borrow(request);
  const headersDue = startDeadline(request.deadlineMs);
  try {
    const answer = await dispatch(request, loan, headersDue.signal);
    return { status: answer.statusCode, chunks: chunksOf(answer.body, loan) };
  } catch (error) {
    loan.giveBack('failed');
    throw explain(error, request, headersDue.signal);
  } finally {
    headersDue.clear();
  }
}

async function* chunksOf(body: Dispatcher.ResponseData['body'], loan: Loan): AsyncIterable<Uint8Array> {
  const arriving: AsyncIterable<Uint8Array> = body;
  try {
    yield* arriving;
  } finally {
    loan.giveBack('done');
  }
}

/** Not AbortSignal.timeout: that one may be collected as garbage while it is waited for. */
function startDeadline(ms: number): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, clear: startTimer(ms, () => controller.abort()) };
}

function dispatch(request: HttpRequest, loan: Loan, deadline: AbortSignal): Promise<Dispatcher.ResponseData> {
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  return loan.request(signal, {
    method: request.method,
    headers: { ...request.headers, ...authorizationHeader(request.authorization) },
    body: request.body ?? null,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

async function readBounded(body: Dispatcher.ResponseData['body'], request: HttpRequest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const arriving: AsyncIterable<Uint8Array> = body;
  for await (const chunk of arriving) {
    size += chunk.byteLength;
    if (size > request.maxBytes) throw tooLarge(request);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(request: HttpRequest): Fault {
  return new Fault('network', `the answer to ${request.method} ${request.url} is too large`, {
    expected: `at most ${request.maxBytes} bytes`,
    found: 'more',
    facts: { kind: 'too-large', url: request.url },
  });
}

function flat(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

function explain(error: unknown, request: HttpRequest, deadline: AbortSignal): Fault {
  if (error instanceof Fault) return error;
  const what = `${request.method} ${request.url}`;
  const where = request.socket === undefined ? request.url : `${request.socket} ${request.url}`;
  if (request.signal?.aborted === true) return new Fault('aborted', `stopped: ${what}`, { where, cause: error });
  if (deadline.aborted) {
    return new Fault('timeout', `no complete answer within ${request.deadlineMs} ms: ${what}`, { where, cause: error });
  }
  const facts = { kind: networkKind(error), url: request.url };
  return new Fault('network', `no complete answer to ${what}: ${messageOf(error)}`, { where, facts, cause: error });
}

function networkKind(error: unknown): 'refused' | 'reset' | 'tls' | 'other' {
  const text = String(error instanceof Error && 'code' in error ? error.code : messageOf(error));
  if (/ECONNREFUSED|ENOENT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND/.test(text)) return 'refused';
  if (/ECONNRESET|EPIPE|UND_ERR_SOCKET|aborted/.test(text)) return 'reset';
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY|HOSTNAME_MISMATCH/.test(text)) return 'tls';
  return 'other';
}
