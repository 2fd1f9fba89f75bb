// `rollout probe`: the prober as a process of its own, so that its clock and its pace depend on nothing the cutover does.
import { createInterface } from 'node:readline';
import { showProbeLine } from '../prober/line.ts';
import { PERIOD_MS, probe } from '../prober/prober.ts';
import { probeRequestSchema, type ProbeRequest } from '../prober/target.ts';
import { parseDocument } from '../documents/document.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { Fault } from '../fault.ts';
import { askFresh } from '../world/fresh-connection.ts';
import { say } from '../world/terminal.ts';
import type { World } from '../world/world.ts';
import { parseFlags, type Command } from './command.ts';
import { seeHelp } from './usage.ts';

const help = `usage: rollout probe < request

Asks endpoints all the time and says what it saw; \`rollout cutover\` runs it beside a rollout.
The first line of standard input is {"targets": [{"machine", "service", "url", "expect", "vantage"}], "periodMs"?: ${PERIOD_MS}}.
It ends when standard input closes, or on SIGTERM, and then prints one line with its reports.`;

export const command: Command = {
  summary: 'asks endpoints all the time, for a cutover (internal)',
  help,
  run: async (args, world) => {
    parseFlags(args, {}, help);
    return run(world);
  },
};

async function run(world: World): Promise<ExitCode> {
  const stop = new AbortController();
  const request = await readRequest(() => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  // Ctrl-C reaches every process of the terminal; what the cutover still does on its way back is measured too.
  process.on('SIGINT', () => undefined);
  const reports = await probe({
    targets: request.targets,
    ...(request.periodMs === undefined ? {} : { periodMs: request.periodMs }),
    ask: askFresh,
    clock: world.clock,
    stop: stop.signal,
    onReady: () => print(showProbeLine({ kind: 'ready' })),
  });
  print(showProbeLine({ kind: 'reports', reports }));
  return EXIT.done;
}

/** The first line of standard input; `onEnd` is called when the input closes, also when that is later. */
function readRequest(onEnd: () => void): Promise<ProbeRequest> {
  const lines = createInterface({ input: process.stdin });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      try {
        resolve(parseDocument(probeRequestSchema, line, 'the first line of standard input'));
      } catch (error) {
        lines.close();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    lines.once('close', () => {
      reject(new Fault('usage', 'standard input ended before its first line', { cure: seeHelp(help) }));
      onEnd();
    });
  });
}

function print(line: string): void {
  say(`${line}\n`, process.stdout);
}
