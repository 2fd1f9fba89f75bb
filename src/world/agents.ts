// Connections by host or socket: shared while they work, and cut, half-open ones too, once the last one who waited has failed.
import { setMaxListeners } from 'node:events';
import type { Agent, Dispatcher } from 'undici';

export interface Target {
  readonly url: string;
  /** A unix socket to speak over instead of the URL's host. */
  readonly socket?: string;
}

export interface Loan {
  /** Sends a request over this agent; the promise ends with the signal, also while there is no connection yet. */
  request(signal: AbortSignal, options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>): Promise<Response>;
  /** To be called once, when the last byte was read or nothing more is waited for. */
  giveBack(ending: 'done' | 'failed'): void;
}

type Response = Dispatcher.ResponseData;

export interface Agents {
  borrow(target: Target): Promise<Loan>;
}

interface Held {
  readonly agent: Agent;
  /** Destroys every socket of the agent: undici itself waits for one that is being opened. */
  readonly cut: AbortController;
  inUse: number;
  failed: boolean;
}

const CONNECTIONS_PER_HOST = 16;
const CONNECT_TIMEOUT_MS = 10_000;

export function makeAgents(): Agents {
  const held = new Map<string, Held>();
  return {
    borrow: async (target) => {
      // Half of the bundle, and most commands need none of it: loaded with the first request.
      const undici = await import('undici');
      const key = target.socket ?? new URL(target.url).origin;
      const one = held.get(key) ?? openAgent(undici.Agent, target);
      held.set(key, one);
      one.inUse += 1;
      return {
        request: (signal, options) =>
          Promise.race([undici.request(target.url, { ...options, signal, dispatcher: one.agent }), abortOf(signal)]),
        giveBack: (ending) => {
          one.inUse -= 1;
          one.failed ||= ending === 'failed';
          if (one.inUse > 0 || !one.failed) return;
          if (held.get(key) === one) held.delete(key);
          one.cut.abort();
          // What it would say is known: the last one who waited was told.
          one.agent.destroy().catch(() => undefined);
        },
      };
    },
  };
}

function openAgent(make: typeof Agent, { socket }: Target): Held {
  const cut = new AbortController();
  // Every connection listens to it, and there may be more than Node takes for a leak.
  setMaxListeners(0, cut.signal);
  const connect = {
    timeout: CONNECT_TIMEOUT_MS,
    signal: cut.signal,
    ...(socket === undefined ? {} : { socketPath: socket }),
  };
  return { agent: new make({ connections: CONNECTIONS_PER_HOST, connect }), cut, inUse: 0, failed: false };
}

/** undici hears a signal only once the request has a connection; whoever waits for one is told here. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(new Error('the wait is over'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
