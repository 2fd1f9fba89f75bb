// The door of every action: inputs in, one verb, then outputs, annotations, the job's summary and the exit code.
import * as core from '@actions/core';
import { exitCodeOf, EXIT, type ExitCode } from '../exit-code.ts';
import { Fault, tellFault } from '../fault.ts';
import type { Finding } from '../documents/findings.ts';
import { realWorld, type World } from '../world/world.ts';
import { readInputs, type Inputs, type OutputName, type Verb } from './inputs.ts';

export interface Ending<V extends Verb> {
  readonly exitCode: ExitCode;
  readonly outputs: Readonly<Record<OutputName<V>, string>>;
  /** One sentence why the exit code is not 0. */
  readonly failure?: string;
  /** Markdown for the job's summary. */
  readonly summary?: string;
  /** Shown at their lines; files relative to the repository. */
  readonly findings?: readonly Finding[];
}

export interface Door<V extends Verb> {
  readonly verb: V;
  run(input: Inputs<V>, world: World): Promise<Ending<V>>;
}

/** Runs a door; the only place where an action's errors end. */
export async function openDoor<V extends Verb>(door: Door<V>): Promise<void> {
  try {
    const world = realWorld();
    const ending = await door.run(readInputs(door.verb), world);
    await show(ending, world);
    process.exitCode = ending.exitCode;
  } catch (error) {
    core.setFailed(tell(error));
    process.exitCode = exitCodeOf(error);
  }
}

async function show<V extends Verb>(ending: Ending<V>, world: World): Promise<void> {
  for (const finding of ending.findings ?? []) annotate(finding);
  for (const [name, value] of Object.entries(ending.outputs)) core.setOutput(name, value);
  const hasSummary = world.environment.variable('GITHUB_STEP_SUMMARY') !== undefined;
  if (ending.summary !== undefined && hasSummary) await core.summary.addRaw(ending.summary, true).write();
  if (ending.exitCode !== EXIT.done) core.setFailed(ending.failure ?? `ended with exit code ${ending.exitCode}`);
}

function annotate(finding: Finding): void {
  const { rule, file, line, endLine, column, message, expected, got, cure, severity } = finding;
  const said = [message, expected && `expected: ${expected}`, got && `got: ${got}`, `cure: ${cure}`];
  const text = said.filter((part) => part !== undefined && part !== '').join('\n');
  // GitHub refuses a column on an annotation of several lines.
  const place = line === endLine ? { startLine: line, startColumn: column } : { startLine: line, endLine };
  const show = { error: core.error, warning: core.warning, info: core.notice }[severity];
  show(text, { title: rule, file, ...place });
}

function tell(error: unknown): string {
  if (error instanceof Fault) return tellFault(error);
  const story = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a bug in rollout-action; please report it with these lines\n${story}`;
}
