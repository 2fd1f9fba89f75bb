// The terminal's door: `rollout VERB …`. Each verb is loaded only when it is called.
import { exitCodeOf, EXIT, type ExitCode } from '../exit-code.ts';
import { Fault, tellFault } from '../fault.ts';
import { realWorld, type World } from '../world/world.ts';
import { COMMANDS, commandNamed } from './commands.ts';

// A reader that has seen enough (`rollout config | head`) closes the pipe; that is no failure of the verb.
for (const stream of [process.stdout, process.stderr]) stream.on('error', unlessUnread);

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

function unlessUnread(error: Error): void {
  if (!('code' in error) || error.code !== 'EPIPE') throw error;
}
