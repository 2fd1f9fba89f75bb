// Says what `up` and `down` are doing, and that they still are, on standard error.

export type Progress = {
  /** Announces a step, runs it, and says how long it took; a long one shows that it goes on. */
  step<T>(what: string, work: () => Promise<T>): Promise<T>;
  say(what: string): void;
};

const STILL_RUNNING_MS = 5_000;

export function createProgress(write: (line: string) => void = (line) => process.stderr.write(line)): Progress {
  const started = Date.now();
  const say = (what: string): void => {
    write(`${seconds(Date.now() - started).padStart(7)}  ${what}\n`);
  };
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const begun = Date.now();
    const timer = setInterval(() => {
      say(`${what} … ${seconds(Date.now() - begun)} so far`);
    }, STILL_RUNNING_MS);
    try {
      const result = await work();
      say(`${what}: ${seconds(Date.now() - begun)}`);
      return result;
    } finally {
      clearInterval(timer);
    }
  };
  return { step, say };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
