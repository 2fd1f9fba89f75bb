// One bounded HTTP request at a time: a deadline, a size limit, no redirect followed, TLS or a unix socket.
import type { Agent, Dispatcher } from 'undici';
import { Fault, messageOf } from '../fault.ts';
import type { Secret } from './secret.ts';

export type Authorization =
  | { readonly kind: 'basic'; readonly user: string; readonly password: Secret }
  | { readonly kind: 'bearer'; readonly token: Secret };

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
  /** Names in lower case; repeated headers joined with ', '. */
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

const CONNECTIONS_PER_HOST = 16;
const CONNECT_TIMEOUT_MS = 10_000;

export function makeHttp(): Http {
  const agents = new Map<string, Agent>();
  return {
    request: (request) => send(request, agents),
    stream: (request) => open(request, agents),
  };
}

async function send(request: HttpRequest, agents: Map<string, Agent>): Promise<HttpAnswer> {
  const deadline = AbortSignal.timeout(request.deadlineMs);
  try {
    const answer = await dispatch(request, agents, deadline);
    const body = await readBounded(answer.body, request);
    return { status: answer.statusCode, headers: flat(answer.headers), body };
  } catch (error) {
    throw explain(error, request, deadline);
  }
}

async function open(
  request: HttpRequest,
  agents: Map<string, Agent>,
): Promise<{ status: number; chunks: AsyncIterable<Uint8Array> }> {
  const headersDue = new AbortController();
  const timer = setTimeout(() => headersDue.abort(), request.deadlineMs);
  try {
    const answer = await dispatch(request, agents, headersDue.signal);
    return { status: answer.statusCode, chunks: answer.body };
  } catch (error) {
    throw explain(error, request, headersDue.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function dispatch(
  request: HttpRequest,
  agents: Map<string, Agent>,
  deadline: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  // Half of the bundle, and most commands need none of it: loaded with the first request.
  const undici = await import('undici');
  const signals = request.signal === undefined ? [deadline] : [deadline, request.signal];
  return undici.request(request.url, {
    dispatcher: agentFor(request, agents, undici.Agent),
    method: request.method,
    headers: { ...request.headers, ...authorizationHeader(request.authorization) },
    body: request.body ?? null,
    headersTimeout: 0,
    bodyTimeout: 0,
    signal: AbortSignal.any(signals),
  });
}

function agentFor(request: HttpRequest, agents: Map<string, Agent>, make: typeof Agent): Agent {
  const key = request.socket ?? new URL(request.url).origin;
  const known = agents.get(key);
  if (known !== undefined) return known;
  const connect = request.socket === undefined ? {} : { socketPath: request.socket };
  const agent = new make({
    connections: CONNECTIONS_PER_HOST,
    connect: { timeout: CONNECT_TIMEOUT_MS, ...connect },
  });
  agents.set(key, agent);
  return agent;
}

function authorizationHeader(authorization: Authorization | undefined): Record<string, string> {
  if (authorization === undefined) return {};
  if (authorization.kind === 'bearer') return { authorization: `Bearer ${authorization.token.reveal()}` };
  const pair = `${authorization.user}:${authorization.password.reveal()}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
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
