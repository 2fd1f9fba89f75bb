// What a benchmark publishes: figures against peers of the same run, and whether each met its goal.
export interface Goal {
  readonly atMost?: number;
  readonly atLeast?: number;
  /** The value itself, or its ratio to the best peer. */
  readonly of: 'ours' | 'ratio';
}

export interface Measured {
  readonly figure: string;
  readonly unit: string;
  readonly ours: number;
  /** The same thing done by somebody else in the same run, by name. */
  readonly peers?: Readonly<Record<string, number>>;
  /** Which peer is the best one: the smallest (the default) or the largest. */
  readonly better?: 'lower' | 'higher';
  readonly goal?: Goal;
  /** Every single measurement behind it, by who was measured. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/** One row of bench/results/NAME.json. */
export interface Figure {
  readonly figure: string;
  readonly unit: string;
  readonly ours: number;
  readonly peers: Readonly<Record<string, number>>;
  /** Ours ÷ the best peer; null without a peer. */
  readonly ratio: number | null;
  readonly goal: Goal | null;
  readonly met: boolean | null;
}

/** Publishes a measurement: the only place where a goal is held against a value. */
export function publish({ figure, unit, ours, peers = {}, better = 'lower', goal }: Measured): Figure {
  const values = Object.values(peers);
  const best = better === 'lower' ? Math.min(...values) : Math.max(...values);
  const ratio = values.length === 0 ? null : ours / best;
  return {
    figure,
    unit,
    ours,
    peers,
    ratio,
    goal: goal ?? null,
    met: goal === undefined ? null : meets(goal, ours, ratio),
  };
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  if (low === undefined || high === undefined) throw new Error('a median needs at least one sample');
  return (low + high) / 2;
}

function meets({ atMost, atLeast, of }: Goal, ours: number, ratio: number | null): boolean {
  if (atMost === undefined && atLeast === undefined) throw new Error('a goal needs atMost or atLeast');
  const value = of === 'ours' ? ours : ratio;
  // A goal on a ratio without a peer, or on something that is no number, was not met.
  if (value === null || !Number.isFinite(value)) return false;
  return value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
}
