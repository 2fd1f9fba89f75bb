// Runs a tool of node_modules/.bin with this Node, shows its lines as they come or keeps them, and says how it ended.
import { exec } from '@actions/exec';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

export interface ToolRun {
  readonly exitCode: number;
  /** Standard output and error, in the order they came. */
  readonly output: string;
  readonly seconds: number;
}

export interface ToolOptions {
  readonly cwd?: string;
  /** Shows the lines as they come too. */
  readonly show?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs `node_modules/.bin/<tool>`, or `git`; whatever the exit code, it is returned. */
export async function runTool(tool: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolRun> {
  const bin = join(ROOT, 'node_modules/.bin');
  const program = programOf(tool, bin);
  const began = performance.now();
  const chunks: Buffer[] = [];
  const keep = (data: Buffer): void => void chunks.push(data);
  const exitCode = await exec(program, [...args], {
    cwd: options.cwd ?? ROOT,
    // The tools' own scripts say `#!/usr/bin/env node`: this Node must come first there too.
    env: { ...definedEnvironment(), PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...options.environment },
    silent: options.show !== true,
    ignoreReturnCode: true,
    listeners: { stdout: keep, stderr: keep },
  });
  return { exitCode, output: Buffer.concat(chunks).toString('utf8'), seconds: (performance.now() - began) / 1000 };
}

/** Runs a tool that must succeed; throws with its output otherwise. */
export async function needTool(tool: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  const { exitCode, output } = await runTool(tool, args, options);
  if (exitCode === 0) return output;
  throw new Error(`${tool} ${args.join(' ')} ended with exit code ${exitCode}\n${output}`);
}

function programOf(tool: string, bin: string): string {
  if (tool === 'node') return process.execPath;
  // git is the one tool that npm does not bring.
  return tool === 'git' ? tool : join(bin, tool);
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
}
