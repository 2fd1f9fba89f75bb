// What the demonstration stands on: running commands, saying what happens, and stopping with a reason.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';

export const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
/** The bundled program, as users run it. */
export const ROLLOUT = [process.execPath, join(REPOSITORY, 'dist/cli/index.js')] as const;

const COMMAND_DEADLINE_MS = 15 * 60_000;
const began = performance.now();

export interface CallOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Show the command's standard error as it comes; else it is only shown when the command fails. */
  readonly show?: boolean;
}

export interface Called {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end and returns what happened. */
export function attempt(command: readonly string[], options: CallOptions = {}): Promise<Called> {
  const [program = 'false', ...args] = command;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: 'pipe',
    timeout: COMMAND_DEADLINE_MS,
  });
  const kept = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (kept.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    kept.stderr += text;
    if (options.show === true) process.stderr.write(text);
  });
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...kept, exitCode: code ?? 1 }));
  });
}

/** Runs to the end; anything but exit code 0 ends the demonstration. Returns standard output. */
export async function call(command: readonly string[], options: CallOptions = {}): Promise<string> {
  const called = await attempt(command, options);
  if (called.exitCode === 0) return called.stdout;
  const said = options.show === true ? '' : `\n${called.stderr}${called.stdout}`;
  throw new Error(`exit code ${called.exitCode}: ${command.join(' ')}${said}`);
}

/** A headline with the seconds since the start. */
export function headline(text: string): void {
  const seconds = ((performance.now() - began) / 1_000).toFixed(0).padStart(4);
  process.stderr.write(`\n${styleText(['bold', 'cyan'], `── ${seconds}s  ${text}`, { stream: process.stderr })}\n`);
}

export function say(text: string): void {
  process.stderr.write(`   ${text}\n`);
}
