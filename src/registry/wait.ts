// How long to wait before asking again: as the registry says, in any of the ways registries say it, else a growing, jittered pause.
import type { HttpAnswer } from '../world/http.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // micro sign, as Go prints it
  μs: 1e-3, // Greek mu, as Go also reads it
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const UNITS = 'ns|us|\u00b5s|\u03bcs|ms|s|m|h';
const GO_DURATION = new RegExp(`(?:\\d+(?:\\.\\d+)?(?:${UNITS}))+`, 'i');
const GO_PART = new RegExp(`(\\d+(?:\\.\\d+)?)(${UNITS})`, 'gi');
const TOLD_IN_MESSAGE = new RegExp(`retry[- ]after:?\\s*(${GO_DURATION.source})`, 'i');

/** Milliseconds an answer asks to wait: Retry-After in seconds or as a date, or a Go duration in its message. */
export function toldWait(answer: HttpAnswer, nowMs: number): number | undefined {
  const header = answer.headers['retry-after']?.trim();
  return (header === undefined ? undefined : headerWait(header, nowMs)) ?? messageWait(answer);
}

/** The pause before try `tries + 1`, between half and all of a doubling one; `random` lies in [0, 1). */
export function pauseMs(tries: number, random: number): number {
  const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 30));
  return full * (0.5 + random / 2);
}

/** Milliseconds of `1m30.5s`, `617.7µs`; undefined for anything else. */
export function parseGoDuration(text: string): number | undefined {
  if (GO_DURATION.exec(text)?.[0] !== text) return undefined;
  return [...text.matchAll(GO_PART)].reduce((sum, [, amount = '0', unit = 's']) => {
    return sum + Number(amount) * (UNIT_MS[unit.toLowerCase()] ?? 0);
  }, 0);
}

function headerWait(header: string, nowMs: number): number | undefined {
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  // Date.parse takes much for a date that is none; HTTP's dates end in GMT.
  const date = header.endsWith('GMT') ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? parseGoDuration(header) : Math.max(0, date - nowMs);
}

function messageWait(answer: HttpAnswer): number | undefined {
  const told = TOLD_IN_MESSAGE.exec(new TextDecoder().decode(answer.body))?.[1];
  return told === undefined ? undefined : parseGoDuration(told);
}
