// Asks every endpoint at a fixed rate, each time on a new connection, until it is told to stop; says what it saw.
import { isDeepStrictEqual } from 'node:util';
import type { ProbeReport } from '../documents/cutover.ts';
import { Fault } from '../fault.ts';
import { isoTime, type Clock } from '../world/clock.ts';
import type { AskFresh } from '../world/fresh-connection.ts';
import { rest } from '../world/rest.ts';
import { Tally, type Sample } from './tally.ts';
import type { ProbeTarget } from './target.ts';

export const PERIOD_MS = 50;
const TIMEOUT_MS = 2_000;
const MAX_BODY_BYTES = 64 * 1024;

export interface ProbeOptions {
  readonly targets: readonly ProbeTarget[];
  readonly periodMs?: number;
  readonly ask: AskFresh;
  readonly clock: Clock;
  /** Ends the probing; questions on their way are waited for. */
  readonly stop: AbortSignal;
  /** Called once every target has answered, or failed to, for the first time. */
  readonly onReady: () => void;
}

/** Probes until `stop`. Never throws: a target that can't be asked is a target that fails. */
export async function probe(options: ProbeOptions): Promise<readonly ProbeReport[]> {
  const started = options.targets.map((target) => probeOne(target, options));
  void Promise.all(started.map(({ first }) => first)).then(options.onReady);
  return Promise.all(started.map(({ report }) => report));
}

interface Probing {
  readonly first: Promise<undefined>;
  readonly report: Promise<ProbeReport>;
}

function probeOne(target: ProbeTarget, options: ProbeOptions): Probing {
  const { clock, periodMs = PERIOD_MS } = options;
  const offset = clock.now() - clock.monotonic();
  const tally = new Tally({ target, periodMs, wallTime: (monotonic) => isoTime(offset + monotonic) });
  const first = Promise.withResolvers<undefined>();
  return {
    first: first.promise,
    report: askOnAndOn({ target, tally, onAnswer: () => first.resolve(undefined) }, options),
  };
}

interface Watch {
  readonly target: ProbeTarget;
  readonly tally: Tally;
  readonly onAnswer: () => void;
}

async function askOnAndOn(watch: Watch, options: ProbeOptions): Promise<ProbeReport> {
  const { clock, stop, periodMs = PERIOD_MS } = options;
  const began = clock.monotonic();
  // Answers come in any order, the account wants them as asked: each waits for the one before it.
  let counted = Promise.resolve();
  let tick = 0;
  while (!stop.aborted) {
    const answer = askOnce(watch.target, options);
    const before = counted;
    counted = answer.then(async (sample) => {
      watch.onAnswer();
      await before;
      watch.tally.add(sample);
    });
    const elapsed = clock.monotonic() - began;
    tick = nextTick(tick, elapsed / periodMs);
    await rest(clock, tick * periodMs - elapsed, stop);
  }
  await counted;
  watch.onAnswer();
  return watch.tally.report();
}

/**
 * A tick that was missed is left out: a burst to catch up would measure the prober, not the service.
 * None is taken twice either, although timers fire a little early.
 */
function nextTick(last: number, elapsedPeriods: number): number {
  return Math.max(last + 1, Math.ceil(elapsedPeriods));
}

async function askOnce(target: ProbeTarget, { ask, clock }: ProbeOptions): Promise<Sample> {
  const askedAt = clock.monotonic();
  const failure = await failureOf(target, ask);
  return { askedAt, answeredAt: clock.monotonic(), failure };
}

/** The class of the failure; undefined for status 200 and exactly the body expected. */
async function failureOf(target: ProbeTarget, ask: AskFresh): Promise<string | undefined> {
  try {
    const { status, body } = await ask({ url: target.url, deadlineMs: TIMEOUT_MS, maxBytes: MAX_BODY_BYTES });
    if (status !== 200) return `status-${status}`;
    return isDeepStrictEqual(parsed(body), target.expect) ? undefined : 'body';
  } catch (error) {
    return classOf(error);
  }
}

function classOf(error: unknown): string {
  if (!(error instanceof Fault)) return 'other';
  if (error.code === 'timeout') return 'timeout';
  const kind = error.detail.facts?.['kind'];
  if (kind === 'too-large') return 'body';
  return typeof kind === 'string' ? kind : 'other';
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
