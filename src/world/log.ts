// What a person watching sees: one line per event on standard error, coloured in a terminal that has colour, grouped on GitHub.
import { styleText } from 'node:util';
import type { Environment } from './environment.ts';

export interface Log {
  /** A milestone: what begins now. */
  step(text: string): void;
  info(text: string): void;
  done(text: string): void;
  warn(text: string): void;
  error(text: string): void;
  /** Runs `act` with its lines folded together where the place can fold. */
  group<T>(title: string, act: () => Promise<T>): Promise<T>;
}

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** The log for where we run: folding groups on GitHub, colour where standard error is a terminal. */
export function makeLog(environment: Environment): Log {
  const onGitHub = environment.variable('GITHUB_ACTIONS') === 'true';
  return {
    step: (text) => write('bold', '▶', text),
    info: (text) => write('dim', ' ', text),
    done: (text) => write('green', '✓', text),
    warn: (text) => write('yellow', '!', text),
    error: (text) => write('red', '✗', text),
    group: async (title, act) => {
      if (onGitHub) process.stderr.write(`::group::${title}\n`);
      else write('bold', '▶', title);
      try {
        return await act();
      } finally {
        if (onGitHub) process.stderr.write('::endgroup::\n');
      }
    },
  };
}

/** A log that says nothing, for tests and for verbs whose output is a document. */
export const silentLog: Log = {
  step: () => undefined,
  info: () => undefined,
  done: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  group: (_title, act) => act(),
};

function write(style: Style, sign: string, text: string): void {
  process.stderr.write(`${styleText(style, sign, { stream: process.stderr })} ${text}\n`);
}
