// One wave on one host: a child process that does it there, followed line by line, ended in good time, and believed only as far as it spoke.
import { cutoverEventSchema, type CutoverEvent, type HostCutover, type ServiceState } from '../documents/cutover.ts';
import { messageOf } from '../fault.ts';
import type { Finished, Running } from '../world/process.ts';
import { rest } from '../world/rest.ts';
import type { World } from '../world/world.ts';

export interface HostCall {
  readonly machine: string;
  readonly command: readonly string[];
  /** The Release. */
  readonly stdin: string;
  /** Milliseconds until the host is asked to put things back. */
  readonly deadlineMs: number;
  /** Fires when the host shall put the traffic back and end. */
  readonly interrupt: AbortSignal;
  readonly onEvent: (event: CutoverEvent) => void;
  /** A line that is no event: kept out of the account, shown to people. */
  readonly onStrayLine: (line: string) => void;
}

export type HostEnd =
  | { readonly kind: 'reported'; readonly report: HostCutover }
  /** It ended, or had to be ended, without a report. `states` are the last ones heard, by service. */
  | { readonly kind: 'silent'; readonly reason: string; readonly states: ReadonlyMap<string, ServiceState> };

/** How long a host may take to put the traffic back once it was asked to; then its process is killed. */
const WAY_BACK_MS = 120_000;
/** How long a process may stay after its report, or after SIGKILL, for its output to close. */
const LAST_WORDS_MS = 10_000;
const LONGEST_STRAY_LINE = 500;
const STDERR_LINES_TOLD = 20;

interface Talk {
  readonly states: Map<string, ServiceState>;
  report: HostCutover | undefined;
  /** What we did to end it. */
  pressed: string | undefined;
}

/** Runs the host's part to its end. Never throws: a child that can't be started is a host that is silent. */
export async function callHost(world: World, call: HostCall): Promise<HostEnd> {
  const talk: Talk = { states: new Map(), report: undefined, pressed: undefined };
  try {
    const finished = await runToEnd(world, call, talk);
    if (talk.report !== undefined) return { kind: 'reported', report: talk.report };
    return { kind: 'silent', reason: reasonOf(finished, talk), states: talk.states };
  } catch (error) {
    return { kind: 'silent', reason: messageOf(error), states: talk.states };
  }
}

/** undefined when the process left its output open even after SIGKILL, or stayed after its report. */
async function runToEnd(world: World, call: HostCall, talk: Talk): Promise<Finished | undefined> {
  const reported = new AbortController();
  const child = world.processes.start(call.command, {
    // The last resort, in case the deadline below fails to end it.
    deadlineMs: call.deadlineMs + WAY_BACK_MS + 2 * LAST_WORDS_MS,
    stdin: call.stdin,
    onLine: (line, stream) => {
      if (stream === 'stdout') hear(line, call, talk);
      if (talk.report !== undefined) reported.abort();
    },
  });
  const over = new AbortController();
  try {
    return await Promise.race([
      child.finished,
      press(world, { call, talk, child, over: over.signal }, reported.signal),
    ]);
  } finally {
    over.abort();
  }
}

function hear(line: string, call: HostCall, talk: Talk): void {
  const event = readEvent(line);
  if (event === undefined || (event.kind === 'result' && event.report.machine !== call.machine)) {
    call.onStrayLine(line.slice(0, LONGEST_STRAY_LINE));
    return;
  }
  if (event.kind === 'state') talk.states.set(event.service, event.state);
  if (event.kind === 'result') talk.report = event.report;
  call.onEvent(event);
}

function readEvent(line: string): CutoverEvent | undefined {
  try {
    return cutoverEventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

interface Pressure {
  readonly call: HostCall;
  readonly talk: Talk;
  readonly child: Running;
  /** The child has ended. */
  readonly over: AbortSignal;
}

/** Ends the child when its time is up: SIGINT, so that it puts the traffic back; SIGKILL when it does not. */
async function press(world: World, pressure: Pressure, reported: AbortSignal): Promise<undefined> {
  const { call, talk, child, over } = pressure;
  await rest(world.clock, call.deadlineMs, AbortSignal.any([over, reported, call.interrupt]));
  const why = call.interrupt.aborted ? 'after it was asked to stop' : `past its ${call.deadlineMs} ms`;
  if (!fired(over) && !fired(reported)) {
    child.kill('SIGINT');
    await rest(world.clock, WAY_BACK_MS, AbortSignal.any([over, reported]));
  }
  if (fired(reported)) await rest(world.clock, LAST_WORDS_MS, over);
  if (fired(over)) return undefined;
  talk.pressed = `it did not put things back within ${WAY_BACK_MS} ms ${why}, and was given up`;
  child.kill('SIGKILL');
  await rest(world.clock, LAST_WORDS_MS, over);
  return undefined;
}

/** As a call, because a signal fires while we wait: what was read of it before says nothing. */
function fired(signal: AbortSignal): boolean {
  return signal.aborted;
}

function reasonOf(finished: Finished | undefined, talk: Talk): string {
  const ending = talk.pressed ?? endingOf(finished);
  const said = (finished?.stderr ?? '').trimEnd().split('\n').slice(-STDERR_LINES_TOLD).join('\n').trim();
  const last = [...talk.states].map(([service, state]) => `${service} ${state}`).join(', ');
  const seen = last === '' ? 'no event had come from it' : `last heard: ${last}`;
  return `the host ended without a report: ${ending}; ${seen}${said === '' ? '' : `; it said: ${said}`}`;
}

function endingOf(finished: Finished | undefined): string {
  if (finished === undefined) return 'its output never closed';
  return finished.exitCode === undefined ? `signal ${finished.signal ?? '?'}` : `exit code ${finished.exitCode}`;
}
