// Starts the prober beside a rollout, waits until it has seen every endpoint once, and takes its reports at the end.
import type { ProbeReport } from '../documents/cutover.ts';
import { messageOf } from '../fault.ts';
import { readProbeLine } from '../prober/line.ts';
import type { ProbeRequest, ProbeTarget } from '../prober/target.ts';
import type { Running } from '../world/process.ts';
import { rest } from '../world/rest.ts';
import type { World } from '../world/world.ts';

export interface Measurement {
  /** Stops the prober. Never throws; without a prober there is nothing measured. */
  end(): Promise<readonly ProbeReport[]>;
}

const READY_MS = 10_000;
/** For the questions still on their way, and the report. */
const END_MS = 10_000;
/** Longer than any rollout: the prober ends when we say so, or when we die and its input closes. */
const LONGEST_ROLLOUT_MS = 24 * 60 * 60_000;

const UNMEASURED: Measurement = { end: async () => [] };

/** `command` runs the prober; without one, or without targets, nothing is measured. */
export async function measure(
  world: World,
  command: readonly string[] | undefined,
  targets: readonly ProbeTarget[],
): Promise<Measurement> {
  if (command === undefined || targets.length === 0) return UNMEASURED;
  const ready = new AbortController();
  const seen: { reports: readonly ProbeReport[] } = { reports: [] };
  const child = world.processes.start(command, {
    deadlineMs: LONGEST_ROLLOUT_MS,
    onLine: (text, stream) => {
      const line = stream === 'stdout' ? readProbeLine(text) : undefined;
      if (line?.kind === 'ready') ready.abort();
      if (line?.kind === 'reports') seen.reports = line.reports;
    },
  });
  const gone = new AbortController();
  const ended = child.finished.then(endingOf, messageOf).finally(() => gone.abort());
  const request: ProbeRequest = { targets };
  child.write(`${JSON.stringify(request)}\n`);
  await rest(world.clock, READY_MS, AbortSignal.any([ready.signal, gone.signal]));
  if (!ready.signal.aborted)
    world.log.warn('the prober is not ready: what follows may be measured in part or not at all');
  return { end: () => endProber(world, { child, ended, gone: gone.signal, seen }) };
}

interface Probing {
  readonly child: Running;
  /** How it ended; undefined for exit code 0. */
  readonly ended: Promise<string | undefined>;
  readonly gone: AbortSignal;
  readonly seen: { readonly reports: readonly ProbeReport[] };
}

async function endProber(world: World, { child, ended, gone, seen }: Probing): Promise<readonly ProbeReport[]> {
  child.end();
  await rest(world.clock, END_MS, gone);
  if (!gone.aborted) child.kill('SIGKILL');
  const trouble = gone.aborted ? await ended : `no end within ${END_MS} ms`;
  if (trouble !== undefined) world.log.warn(`the prober failed, so downtime was not measured: ${trouble}`);
  return trouble === undefined ? seen.reports : [];
}

function endingOf(finished: { readonly exitCode: number | undefined; readonly stderr: string }): string | undefined {
  return finished.exitCode === 0 ? undefined : `exit code ${finished.exitCode ?? '-'}: ${finished.stderr.trim()}`;
}
