// The table of commands: each is loaded only when it is called, by the terminal's door or by an action's.
import { didYouMean } from '../config/nearest.ts';
import { Fault } from '../fault.ts';
import type { Command } from './command.ts';

export const COMMANDS: Readonly<Record<string, { summary: string; load: () => Promise<Command> }>> = {
  validate: {
    summary: 'prove that what is in the repository can be built and started',
    load: async () => (await import('./validate.ts')).command,
  },
  build: {
    summary: 'build what the plan says and push it by digest',
    load: async () => (await import('./build.ts')).command,
  },
  plan: {
    summary: 'say what must be built, what is kept, and how the hosts will move',
    load: async () => (await import('./plan.ts')).command,
  },
  config: {
    summary: 'print the resolved configuration with the source of every value',
    load: async () => (await import('./config.ts')).command,
  },
  verify: {
    summary: 'prove that a registry holds a release',
    load: async () => (await import('./verify.ts')).command,
  },
  publish: {
    summary: 'put the tags of a verified release',
    load: async () => (await import('./publish.ts')).command,
  },
  cutover: {
    summary: 'move the fleet, or one host, to a release',
    load: async () => (await import('./cutover.ts')).command,
  },
  adopt: {
    summary: 'show and record which container is which service today',
    load: async () => (await import('./adopt.ts')).command,
  },
  status: {
    summary: 'what runs on this host, since when, by which release',
    load: async () => (await import('./status.ts')).command,
  },
  host: {
    summary: 'make this machine ready to be rolled out to',
    load: async () => (await import('./host.ts')).command,
  },
  report: {
    summary: 'draw the evidence together and answer the acceptance checklist',
    load: async () => (await import('./report.ts')).command,
  },
  probe: {
    summary: 'ask endpoints all the time, beside a cutover (internal)',
    load: async () => (await import('./probe.ts')).command,
  },
};

/** The command of this name, loaded; throws Fault `usage` when there is none. */
export async function commandNamed(name: string): Promise<Command> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry !== undefined) return entry.load();
  const known = Object.keys(COMMANDS);
  const near = didYouMean(name, known);
  throw new Fault('usage', `there is no command ${name}`, {
    expected: known.join(', '),
    cure: near === undefined ? 'rollout --help tells what each one does' : `did you mean rollout ${near}?`,
  });
}
