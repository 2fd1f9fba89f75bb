// What a person watching sees: one line per event on standard error, coloured in a terminal that has colour, grouped on GitHub.
import { styleText } from 'node:util';
import type { Environment } from './environment.ts';
import { plainText, withoutCommands } from './plain-text.ts';
import { say } from './terminal.ts';

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

/**
 * The log for where we run: folding groups on GitHub, colour where the stream is a terminal. Much of what it is given
 * comes from outside, from files, registries and containers: nothing in it commands the terminal or the workflow.
 */
export function makeLog(environment: Environment, stream: NodeJS.WritableStream = process.stderr): Log {
  const onGitHub = environment.variable('GITHUB_ACTIONS') === 'true';
  const harmless = (text: string): string => (onGitHub ? withoutCommands(plainText(text)) : plainText(text));
  const write = (style: Style, sign: string, text: string): void =>
    say(`${styleText(style, sign, { stream })} ${harmless(text)}\n`, stream);
  return {
    step: (text) => write('bold', '▶', text),
    info: (text) => write('dim', ' ', text),
    done: (text) => write('green', '✓', text),
    warn: (text) => write('yellow', '!', text),
    error: (text) => write('red', '✗', text),
    group: async (title, act) => {
      if (onGitHub) say(`::group::${commandData(harmless(title))}\n`, stream);
      else write('bold', '▶', title);
      try {
        return await act();
      } finally {
        if (onGitHub) say('::endgroup::\n', stream);
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

/** As the data of a workflow command: one line. */
function commandData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\n', '%0A');
}
