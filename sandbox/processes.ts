// Runs commands to their end, starts daemons, and ends them again without ever hitting a recycled process id.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };
export type RunOptions = { readonly env?: Readonly<Record<string, string>>; readonly input?: string };
export type Daemon = {
  readonly argv: readonly string[];
  readonly log: string;
  readonly record: string;
};

/** Every process carries its sandbox's name in this variable, so one that was started but not yet recorded is found too. */
const MARK = 'ROLLOUT_SANDBOX';

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** An `up` that is killed must not leave a debootstrap behind that still writes where the next `up` begins anew. */
const DIE_TOGETHER = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;
const POLL_MS = 20;
const STDERR_SHOWN = 2_000;

/** An error whose message is meant for whoever started the sandbox. */
export class SandboxFault extends Error {
  override name = 'SandboxFault';
}

let markedName: string | undefined;

/** From now on every process started here carries the sandbox's name. */
export function markChildren(name: string): void {
  markedName = name;
}

/** Runs a command to its end; a command that does not exist ends with 127. */
export function attempt(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [command, ...rest] = [...DIE_TOGETHER, ...argv];
  return new Promise((resolve) => {
    const child = spawn(command, rest, { env: cleanEnvironment(options.env), stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
      resolve({ code: 127, stdout: '', stderr: error.message });
    });
    child.on('close', (code) => {
      const [out, err] = [Buffer.concat(stdout).toString(), Buffer.concat(stderr).toString()];
      resolve({ code: code ?? 128, stdout: out, stderr: err });
    });
  });
}

/** Runs a command that has to succeed, and gives its standard output. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(argv, options);
  if (code === 0) return stdout;
  const said = (stderr || stdout).trim().slice(-STDERR_SHOWN);
  throw new SandboxFault(`${argv.join(' ')}\n  expected exit code 0, found ${String(code)}:\n  ${said}`);
}

/** Starts a process that outlives this one, its output in a log, its id and start time in a record. */
export function startDaemon({ argv, log, record }: Daemon): number {
  const [command = '', ...rest] = argv;
  mkdirSync(dirname(record), { recursive: true });
  const output = openSync(log, 'a');
  const child = spawn(command, rest, {
    cwd: '/',
    env: cleanEnvironment(),
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.on('error', () => undefined);
  if (child.pid === undefined) throw new SandboxFault(`cannot start ${command}: see ${log}`);
  writeFileSync(record, `${String(child.pid)} ${startTime(child.pid) ?? '0'}\n`);
  child.unref();
  return child.pid;
}

/** The recorded process, if it still runs: an id that now belongs to another process does not count. */
export function recorded(record: string): number | undefined {
  const [pid, started] = readText(record).trim().split(' ');
  const id = Number(pid);
  return id > 1 && startTime(id) === started ? id : undefined;
}

/** Ends a process, by force when it will not go. */
export async function end(pid: number, graceMs: number): Promise<void> {
  const started = startTime(pid);
  if (started === undefined) return;
  signal(pid, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  if (await gone(pid, started, graceMs)) return;
  signal(pid, 'SIGKILL');
  if (!(await gone(pid, started, KILL_DEADLINE_MS))) throw new SandboxFault(`process ${String(pid)} survived SIGKILL`);
}

export async function endRecorded(record: string, graceMs: number): Promise<void> {
  const pid = recorded(record);
  if (pid !== undefined) await end(pid, graceMs);
  rmSync(record, { force: true });
}

/** Every process that carries a sandbox's mark. */
export function marked(name: string): readonly number[] {
  const mark = `${MARK}=${name}`;
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid);
  return pids.filter((pid) =>
    readText(`/proc/${String(pid)}/environ`)
      .split('\0')
      .includes(mark),
  );
}

export function children(pid: number): readonly number[] {
  const text = readText(`/proc/${String(pid)}/task/${String(pid)}/children`).trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Asks again and again until there is an answer, or says what it waited for. */
export async function until<T>(
  what: string,
  deadlineMs: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new SandboxFault(`${what}: still not so after ${String(deadlineMs / 1000)} s`);
    await sleep(POLL_MS);
  }
}

const KILL_DEADLINE_MS = 20_000;

async function gone(pid: number, started: string, deadlineMs: number): Promise<boolean> {
  const deadline = Date.now() + deadlineMs;
  while (startTime(pid) === started) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone between the look and the signal: what was wanted.
  }
}

/** Field 22 of /proc/PID/stat, undefined for a process that is gone or only waits to be reaped. */
export function startTime(pid: number): string | undefined {
  const stat = readText(`/proc/${String(pid)}/stat`);
  // The name in field 2 may hold blanks and parentheses: count from behind its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const mark = markedName === undefined ? {} : { [MARK]: markedName };
  return { ...mark, PATH: SYSTEM_PATH, HOME: '/root', LANG: 'C.UTF-8', ...extra };
}
