// The terminal's door: `rollout VERB …`. Each verb is loaded only when it is called.
import { exitCodeOf, EXIT, type ExitCode } from '../exit-code.ts';
import { Fault, tellFault } from '../fault.ts';
import { realWorld, type World } from '../world/world.ts';
import type { Command } from './command.ts';

const COMMANDS: Readonly<Record<string, { summary: string; load: () => Promise<Command> }>> = {
  validate: {
    summary: 'prove that what is in the repository can be built and started',
    load: async () => (await import('./validate.ts')).command,
  },
  build: { summary: 'build what the plan says and push it by digest', load: async () => (await import('./build.ts')).command },
  plan: { summary: 'say what must be built, what is kept, and how the hosts will move', load: async () => (await import('./plan.ts')).command },
  config: { summary: 'print the resolved configuration with the source of every value', load: async () => (await import('./config.ts')).command },
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

process.exitCode = await main(process.argv.slice(2), realWorld());

async function main(argv: readonly string[], world: World): Promise<ExitCode> {
  const [name, ...args] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return showHelp();
  try {
    const command = await commandNamed(name);
    if (args.includes('--help') || args.includes('-h')) return showText(command.help);
    return await command.run(args, world);
  } catch (error) {
    world.log.error(tell(error));
    return exitCodeOf(error);
  }
}

async function commandNamed(name: string): Promise<Command> {
  const entry = COMMANDS[name];
  if (entry !== undefined) return entry.load();
  const known = Object.keys(COMMANDS).join(', ');
  throw new Fault('usage', `there is no command ${name}`, { expected: known, cure: 'rollout --help' });
}

function showHelp(): ExitCode {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return showText(['usage: rollout COMMAND [flags]', '', ...rows, '', 'rollout COMMAND --help tells more.'].join('\n'));
}

function showText(text: string): ExitCode {
  process.stdout.write(`${text}\n`);
  return EXIT.done;
}

function tell(error: unknown): string {
  if (error instanceof Fault) return tellFault(error);
  const story = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a bug in rollout-action; please report it with these lines\n${story}`;
}
