// The thin loop around the gate: probes at its pace, listens to the engine, asks the machine what it makes of both.
import type { GateResult } from '../documents/cutover.ts';
import type { Clock } from '../world/clock.ts';
import {
  beginGate,
  gateResult,
  nextGate,
  FAILURES_IN_A_ROW,
  type GatePolicy,
  type GateState,
  type Observation,
} from './gate.ts';
import type { Probe, ProbeResult } from './probe.ts';

export interface Subject {
  readonly probe: Probe;
  /** Tells when the container is lost; returns how to stop listening. */
  readonly onLost: (listener: (reason: string) => void) => () => void;
}

export const BOOTING_PERIOD_MS = 250;
export const PERIOD_MS = 1_000;

/** Watches a new container until the gate has a verdict. Throws Fault `aborted` when the signal fires first. */
export async function gate(
  clock: Clock,
  subject: Subject,
  policy: GatePolicy,
  signal: AbortSignal | undefined,
): Promise<GateResult> {
  const loss = listen(subject);
  let state = beginGate(clock.monotonic());
  const feed = (observation: Observation): void => {
    state = nextGate(state, observation, policy);
  };
  try {
    while (!isDecided(state)) {
      const beganAt = clock.monotonic();
      const result = await Promise.race([subject.probe(), loss.happened]);
      feed(loss.reason() ?? toObservation(result, clock.monotonic()));
      if (isDecided(state)) break;
      const restMs = pause(state, { beganAt, now: clock.monotonic() }, policy);
      await Promise.race([clock.sleep(restMs, signal), loss.happened]);
      feed(loss.reason() ?? { kind: 'tick', at: clock.monotonic() });
    }
    return gateResult(state);
  } finally {
    loss.stop();
  }
}

/** Watches a healthy container for a time; the reason it failed, or undefined when it lasted. */
export async function soak(
  clock: Clock,
  subject: Subject,
  durationMs: number,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const loss = listen(subject);
  const due = clock.monotonic() + durationMs;
  let failures = 0;
  try {
    while (clock.monotonic() < due) {
      const beganAt = clock.monotonic();
      const seen = toObservation(await Promise.race([subject.probe(), loss.happened]), clock.monotonic());
      if (seen.kind === 'lost') return seen.reason;
      if (loss.reason() !== undefined) break;
      failures = seen.kind === 'failure' ? failures + 1 : 0;
      if (seen.kind === 'failure' && failures >= FAILURES_IN_A_ROW) return seen.reason;
      const rest = Math.min(beganAt + PERIOD_MS, due) - clock.monotonic();
      await Promise.race([clock.sleep(Math.max(0, rest), signal), loss.happened]);
    }
    return loss.reason()?.reason;
  } finally {
    loss.stop();
  }
}

type Lost = Extract<ProbeResult, { kind: 'lost' }>;

function listen(subject: Subject): {
  happened: Promise<Lost>;
  reason: () => (Lost & { at: number }) | undefined;
  stop: () => void;
} {
  let lost: Lost | undefined;
  const { promise, resolve } = Promise.withResolvers<Lost>();
  const stop = subject.onLost((reason) => {
    lost ??= { kind: 'lost', reason };
    resolve(lost);
  });
  return { happened: promise, reason: () => (lost === undefined ? undefined : { ...lost, at: 0 }), stop };
}

function isDecided(state: GateState): boolean {
  return state.phase === 'decided';
}

function toObservation(result: ProbeResult, at: number): Observation {
  return { ...result, at };
}

/** The rest of the period since the probe began; less where min-healthy-time is over sooner. */
function pause(state: GateState, { beganAt, now }: { beganAt: number; now: number }, policy: GatePolicy): number {
  const period = state.firstSuccessAt === undefined ? BOOTING_PERIOD_MS : PERIOD_MS;
  const enough = state.holdingSince === undefined ? Infinity : state.holdingSince + policy.minHealthyTimeMs;
  return Math.max(0, Math.min(beganAt + period, enough) - now);
}
