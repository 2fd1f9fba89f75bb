// The door of every action: inputs in, one verb, then outputs, annotations, the job's summary and the exit code.
import * as core from '@actions/core';
import { commandNamed } from '../cli/commands.ts';
import { exitCodeOf, EXIT, type ExitCode } from '../exit-code.ts';
import { Fault, tellFault } from '../fault.ts';
import { realWorld, type World } from '../world/world.ts';
import { readInputs, type Inputs, type OutputName, type Verb } from './inputs.ts';

export interface Ending<V extends Verb> {
  readonly exitCode: ExitCode;
  readonly outputs: Readonly<Record<OutputName<V>, string>>;
  /** Why the exit code is not 0, one reason per line. */
  readonly failures?: readonly string[];
  /** Markdown for the job's summary. */
  readonly summary?: string | undefined;
  /** Workflow commands that annotate files, as lines. */
  readonly annotations?: readonly string[];
}

/** In the action's own world when none is given. */
export type RunCommand = (args: readonly string[], world?: World) => Promise<ExitCode>;

export interface Door<V extends Verb> {
  readonly verb: V;
  /** `runCommand` runs the terminal's command of the same name: both tell the same, with the same exit codes. */
  run(input: Inputs<V>, world: World, runCommand: RunCommand): Promise<Ending<V>>;
}

/** Runs a door; the only place where an action's errors end. */
export async function openDoor<V extends Verb>(door: Door<V>): Promise<void> {
  try {
    const world = realWorld();
    const command = await commandNamed(door.verb);
    const ending = await door.run(readInputs(door.verb), world, (args, own = world) => command.run(args, own));
    await show(ending, world);
    process.exitCode = ending.exitCode;
  } catch (error) {
    core.setFailed(tell(error));
    process.exitCode = exitCodeOf(error);
  }
}

async function show<V extends Verb>(ending: Ending<V>, world: World): Promise<void> {
  for (const line of ending.annotations ?? []) core.info(line);
  for (const [name, value] of Object.entries(ending.outputs)) core.setOutput(name, value);
  const hasSummary = world.environment.variable('GITHUB_STEP_SUMMARY') !== undefined;
  if (ending.summary !== undefined && hasSummary) await core.summary.addRaw(ending.summary, true).write();
  if (ending.exitCode !== EXIT.done) core.setFailed(tellFailures(ending));
}

function tellFailures({ failures = [], exitCode }: Pick<Ending<Verb>, 'failures' | 'exitCode'>): string {
  return failures.length > 0 ? failures.join('\n') : `ended with exit code ${exitCode}`;
}

function tell(error: unknown): string {
  if (error instanceof Fault) return tellFault(error);
  const story = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a bug in rollout-action; please report it with these lines\n${story}`;
}
