// The process boundary, written once: argv in, what happened out; a deadline on every run; never a shell.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Fault } from '../fault.ts';
import { keepEnd } from './kept-output.ts';
import { Secret } from './secret.ts';
import { startTimer } from './timer.ts';

export interface RunOptions {
  /** Milliseconds until the process is asked to end (SIGTERM), and killed GRACE_MS later. */
  readonly deadlineMs: number;
  readonly cwd?: string;
  /** Added to this process's environment. A Secret is revealed to the child only. */
  readonly environment?: Readonly<Record<string, string | Secret>>;
  readonly stdin?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Called for every complete line as it comes. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface Finished {
  readonly command: readonly string[];
  /** undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  readonly timedOut: boolean;
}

export interface Running {
  readonly pid: number;
  write(text: string): void;
  /** Closes the child's standard input. */
  end(): void;
  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
  readonly finished: Promise<Finished>;
}

export interface Processes {
  /** Runs to the end. Throws Fault `process` on any exit code but 0, `timeout` past the deadline, `aborted` on the signal. */
  run(command: readonly string[], options: RunOptions): Promise<Finished>;
  /** Runs to the end and returns what happened, whatever the exit code. Throws only when it can't be started. */
  attempt(command: readonly string[], options: RunOptions): Promise<Finished>;
  /** Starts and returns at once. */
  start(command: readonly string[], options: RunOptions): Running;
}

/** How long a process may take to end after SIGTERM. */
const GRACE_MS = 5_000;
/** How long what it said last may take to arrive once it has ended. */
const LAST_WORDS_MS = 1_000;
/** Output kept per stream; more is dropped from the front, since the end says why it failed. */
const KEPT_OUTPUT_CHARACTERS = 16 * 1024 * 1024;
const STDERR_LINES_IN_FAULT = 20;

export const systemProcesses: Processes = {
  run: async (command, options) => {
    const finished = await startProcess(command, options).finished;
    return throwUnlessDone(finished, options);
  },
  attempt: (command, options) => startProcess(command, options).finished,
  start: (command, options) => startProcess(command, options),
};

/** The Finished of a process that ended with 0, else the Fault that says why not. */
export function throwUnlessDone(finished: Finished, options: Pick<RunOptions, 'deadlineMs' | 'signal'>): Finished {
  if (finished.exitCode === 0 && !finished.timedOut) return finished;
  const facts = { command: finished.command, exitCode: finished.exitCode, signal: finished.signal };
  const found = lastLines(finished.stderr === '' ? finished.stdout : finished.stderr);
  const told = finished.command.join(' ');
  if (options.signal?.aborted === true) throw new Fault('aborted', `stopped: ${told}`, { facts, found });
  if (finished.timedOut) {
    throw new Fault('timeout', `no end within ${options.deadlineMs} ms: ${told}`, { facts, found });
  }
  const ending = finished.exitCode === undefined ? `signal ${finished.signal}` : `exit code ${finished.exitCode}`;
  throw new Fault('process', `${ending}: ${told}`, { facts, expected: 'exit code 0', found });
}

function startProcess(command: readonly string[], options: RunOptions): Running {
  const [program, ...args] = command;
  if (program === undefined) throw new Fault('process', 'an empty command can not be run');
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...revealed(options.environment ?? {}) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A child that ends before it read its input breaks the pipe; its exit code tells the story.
  child.stdin.on('error', () => undefined);
  if (options.stdin !== undefined) child.stdin.end(options.stdin);
  return {
    pid: child.pid ?? -1,
    write: (text) => void child.stdin.write(text),
    end: () => void child.stdin.end(),
    kill: (signal) => void child.kill(signal),
    finished: finish(child, command, options),
  };
}

function finish(child: ChildProcess, command: readonly string[], options: RunOptions): Promise<Finished> {
  const began = performance.now();
  const stdout = collect(child.stdout, 'stdout', options.onLine);
  const stderr = collect(child.stderr, 'stderr', options.onLine);
  const state = { timedOut: false };
  const stop = (): void => endForGood(child);
  const callOff = startTimer(options.deadlineMs, () => {
    state.timedOut = true;
    stop();
  });
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted === true) stop();
  return new Promise((resolve, reject) => {
    const clear = (): void => {
      callOff();
      options.signal?.removeEventListener('abort', stop);
    };
    child.once('error', (cause) => {
      clear();
      const cure = 'install it, or put it on PATH';
      reject(new Fault('process', `can't start ${command[0]}: ${cause.message}`, { cause, cure }));
    });
    child.once('close', (code, signal) => {
      clear();
      const outcome = { exitCode: code ?? undefined, signal: signal ?? undefined, timedOut: state.timedOut };
      const durationMs = performance.now() - began;
      resolve({ command, ...outcome, stdout: stdout(), stderr: stderr(), durationMs });
    });
  });
}

/** Asks it to end, kills it, and then closes its pipes: a child of its own may hold them open for as long as it likes. */
function endForGood(child: ChildProcess): void {
  const hangUp = (): void => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  const hangUpSoon = (): void => void startTimer(LAST_WORDS_MS, hangUp);
  if (child.exitCode !== null || child.signalCode !== null) hangUpSoon();
  else child.once('exit', hangUpSoon);
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
}

function collect(
  stream: NodeJS.ReadableStream | null,
  name: 'stdout' | 'stderr',
  onLine: RunOptions['onLine'],
): () => string {
  if (stream === null) return () => '';
  const kept = keepEnd(KEPT_OUTPUT_CHARACTERS);
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => kept.add(chunk));
  if (onLine !== undefined) createInterface({ input: stream }).on('line', (line) => onLine(line, name));
  return () => kept.text();
}

function revealed(environment: Readonly<Record<string, string | Secret>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  );
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-STDERR_LINES_IN_FAULT).join('\n');
}
