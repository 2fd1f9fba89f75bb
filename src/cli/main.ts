// The terminal's door: `rollout VERB …`. Each verb is loaded only when it is called.
import { exitCodeOf, EXIT, type ExitCode } from '../exit-code.ts';
import { Fault, tellFault } from '../fault.ts';
import { refuseOldNode } from '../world/node-version.ts';
import { print, say } from '../world/terminal.ts';
import { realWorld, type World } from '../world/world.ts';
import { COMMANDS, commandNamed } from './commands.ts';
import { versionLine } from './version.ts';

process.on('uncaughtException', (error) => {
  say(`${tell(error)}\n`);
  // Node's own code for it is 1, which says here that a check found something.
  process.exit(EXIT.fault);
});
process.exitCode = await enter(process.argv.slice(2));

/** Before anything is loaded that an old Node can't read or run. */
async function enter(argv: readonly string[]): Promise<ExitCode> {
  try {
    refuseOldNode(process.version, process.execPath);
  } catch (error) {
    say(`${tell(error)}\n`);
    return EXIT.fault;
  }
  return main(argv, realWorld());
}

async function main([name, ...args]: readonly string[], world: World): Promise<ExitCode> {
  try {
    return await answer(name, args, world);
  } catch (error) {
    world.log.error(tell(error));
    return exitCodeOf(error);
  }
}

async function answer(name: string | undefined, args: readonly string[], world: World): Promise<ExitCode> {
  switch (name) {
    case undefined:
      say(helpText());
      return EXIT.fault;
    case 'help':
    case '--help':
    case '-h':
      return showText(args[0] === undefined ? helpText() : `${(await commandNamed(args[0])).help}\n`);
    case 'version':
    case '--version':
    case '-V':
      return showText(`${versionLine()}\n`);
    default: {
      const command = await commandNamed(name);
      if (args.includes('--help') || args.includes('-h')) return showText(`${command.help}\n`);
      return command.run(args, world);
    }
  }
}

function helpText(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  const rest = ['rollout help COMMAND tells more, rollout --version which program this is.', ''];
  return ['usage: rollout COMMAND [flags]', '', ...rows, '', ...rest].join('\n');
}

async function showText(text: string): Promise<ExitCode> {
  await print(text);
  return EXIT.done;
}

function tell(error: unknown): string {
  if (error instanceof Fault) return tellFault(error);
  const story = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this is a bug in rollout-action; please report it with these lines\n${story}`;
}
