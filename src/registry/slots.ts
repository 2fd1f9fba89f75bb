// A bound on how much goes on at once: callers wait in line for one of a fixed number of slots.

export interface Slots {
  use<T>(act: () => Promise<T>): Promise<T>;
}

export function makeSlots(count: number): Slots {
  const waiting: (() => void)[] = [];
  let free = count;
  const take = async (): Promise<void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const giveBack = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    use: async (act) => {
      await take();
      try {
        return await act();
      } finally {
        giveBack();
      }
    },
  };
}
