// Keeps the account of one endpoint while it is asked again and again: failures by class, gaps, latencies.
import type { ProbeReport } from '../documents/cutover.ts';
import type { ProbeTarget } from './target.ts';

export interface Sample {
  /** Milliseconds on a clock that never jumps. */
  readonly askedAt: number;
  readonly answeredAt: number;
  /** refused, reset, timeout, status-503, body; undefined for a good answer. */
  readonly failure: string | undefined;
}

export interface TallyOptions {
  readonly target: ProbeTarget;
  readonly periodMs: number;
  /** The wall clock time of a monotonic one, ISO 8601. */
  readonly wallTime: (monotonic: number) => string;
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

const GAPS_KEPT = 100;

/** Samples are added in the order in which they were asked. */
export class Tally {
  readonly #options: TallyOptions;
  readonly #latencies: number[] = [];
  readonly #failures = new Map<string, number>();
  readonly #before = new Map<string, number>();
  readonly #gaps: Gap[] = [];
  #requests = 0;
  #lastAsked: number | undefined;
  #lastAnswered = 0;
  #lastGood: number | undefined;
  #failing = false;
  #resolution = 0;

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  add(sample: Sample): void {
    this.#requests += 1;
    if (this.#lastAsked !== undefined) this.#resolution = Math.max(this.#resolution, sample.askedAt - this.#lastAsked);
    this.#lastAsked = sample.askedAt;
    this.#lastAnswered = Math.max(this.#lastAnswered, sample.answeredAt);
    if (sample.failure === undefined) this.#good(sample);
    else this.#bad(sample.failure);
  }

  report(): ProbeReport {
    const { target, periodMs, wallTime } = this.#options;
    const { machine, service, url, vantage } = target;
    const open =
      this.#failing && this.#lastGood !== undefined ? [{ from: this.#lastGood, to: this.#lastAnswered }] : [];
    const gaps = [...this.#gaps, ...open];
    const lengths = gaps.map(({ from, to }) => round(to - from));
    const before = total(this.#before);
    return {
      ...{ machine, service, url, vantage, periodMs },
      requests: this.#requests,
      failed: total(this.#failures),
      failures: Object.fromEntries(this.#failures),
      longestGapMs: lengths.reduce((longest, length) => Math.max(longest, length), 0),
      totalGapMs: round(lengths.reduce((sum, length) => sum + length, 0)),
      resolutionMs: round(this.#resolution),
      gaps: gaps.slice(0, GAPS_KEPT).map(({ from, to }) => ({ at: wallTime(from), ms: round(to - from) })),
      ...(this.#latencies.length === 0 ? {} : { latencyMs: spread(this.#latencies) }),
      ...(before === 0 ? {} : { before: { failed: before, failures: Object.fromEntries(this.#before) } }),
      ...(this.#failing ? { stillFailing: true } : {}),
    };
  }

  #good({ askedAt, answeredAt }: Sample): void {
    // Questions overlap: an earlier one may be answered later, and then there was no gap between the two.
    if (this.#failing && this.#lastGood !== undefined) {
      this.#gaps.push({ from: this.#lastGood, to: Math.max(answeredAt, this.#lastGood) });
    }
    this.#failing = false;
    this.#lastGood = Math.max(answeredAt, this.#lastGood ?? answeredAt);
    this.#latencies.push(answeredAt - askedAt);
  }

  #bad(failure: string): void {
    this.#failing = true;
    const counted = this.#lastGood === undefined ? this.#before : this.#failures;
    counted.set(failure, (counted.get(failure) ?? 0) + 1);
  }
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function spread(latencies: readonly number[]): { median: number; p95: number; max: number } {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { median: at(0.5), p95: at(0.95), max: at(1) };
}

/** Microseconds are noise. */
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
