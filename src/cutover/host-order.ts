// In which order things may go: some at once, each after what it needs, none once the whole is given up.

export interface Ordering<T> {
  readonly atOnce: number;
  /** What must have ended before an item begins; only items of the same list count. */
  readonly after: (item: T) => readonly T[];
  /** No further item begins once this says so; those under way end. */
  readonly stopped: () => boolean;
}

/** Runs `act` for every item and resolves when all that began have ended. `act` reports its own failure. */
export async function inOrder<T>(
  items: readonly T[],
  ordering: Ordering<T>,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = new Set(items);
  const ended = new Set<T>();
  const running = new Map<T, Promise<void>>();
  for (;;) {
    for (const item of ready(waiting, ended, ordering, running.size)) {
      waiting.delete(item);
      running.set(
        item,
        act(item).finally(() => {
          ended.add(item);
          running.delete(item);
        }),
      );
    }
    if (running.size === 0) return;
    await Promise.race(running.values());
  }
}

function ready<T>(
  waiting: ReadonlySet<T>,
  ended: ReadonlySet<T>,
  { atOnce, after, stopped }: Ordering<T>,
  running: number,
): readonly T[] {
  if (stopped()) return [];
  const free = [...waiting].filter((item) => after(item).every((needed) => ended.has(needed)));
  // Items that need each other in a circle would wait for ever; the first goes.
  const next = free.length === 0 && running === 0 ? [...waiting].slice(0, 1) : free;
  return next.slice(0, Math.max(0, atOnce - running));
}
