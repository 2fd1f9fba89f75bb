// The sandbox's door: two Docker hosts, a registry and a package index on this one Linux machine.
import { DEFAULT_NAME } from './places.ts';
import { SandboxFault } from './processes.ts';

type Arguments = {
  readonly verb: string;
  readonly words: readonly string[];
  readonly name: string;
  readonly json: boolean;
  readonly root: boolean;
  readonly command: readonly string[];
};

const USAGE = `usage: npm run sandbox -- VERB [--name NAME]

  up                       start the hosts mainpc and pc2, the registry, the package index
  down                     stop and remove all of it
  status [--json]          show what runs and where
  exec HOST [--root] -- COMMAND …
                           run a command on a host, as its user runner
  power HOST off|on        pull a host's plug, or boot it again

NAME is "demo" unless said otherwise; sandboxes of different names run side by side.
`;

const EXIT_FAULT = 2;
const PLACES: readonly string[] = ['mainpc', 'pc2', 'builder'];

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(parse(argv));
  } catch (error) {
    if (!(error instanceof SandboxFault)) throw error;
    process.stderr.write(`sandbox: ${error.message}\n`);
    return EXIT_FAULT;
  }
}

/** Each verb is loaded when it is asked for: exec has no time to load what it does not need. */
async function dispatch(asked: Arguments): Promise<number> {
  switch (asked.verb) {
    case 'exec':
      return execVerb(asked);
    case 'up':
    case 'down':
    case 'status':
    case 'power':
      return (await import('./verbs.ts')).runVerb(asked.verb, asked);
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    default:
      throw new SandboxFault(`expected up, down, status, exec or power, found "${asked.verb}"\n\n${USAGE}`);
  }
}

async function execVerb({ words, name, root, command }: Arguments): Promise<number> {
  const { runInside } = await import('./inside.ts');
  const [host] = words;
  if (host === undefined || !PLACES.includes(host) || command.length === 0) {
    const found = [...words, '--', ...command].join(' ');
    throw new SandboxFault(`exec: expected ${PLACES.join('|')} -- COMMAND …, found "${found}"\n\n${USAGE}`);
  }
  return runInside({ sandbox: name, host, root, argv: command });
}

function parse(argv: readonly string[]): Arguments {
  const split = commandStart(argv);
  const own = argv.slice(0, split);
  const words: string[] = [];
  let [name, json, root] = [DEFAULT_NAME, false, false];
  for (let place = 0; place < own.length; place += 1) {
    const word = own[place] ?? '';
    if (word === '--json') json = true;
    else if (word === '--root') root = true;
    else if (word === '--help' || word === '-h') words.unshift('help');
    else if (word === '--name') name = own[(place += 1)] ?? '';
    else if (word.startsWith('--')) throw new SandboxFault(`unknown option ${word}\n\n${USAGE}`);
    else words.push(word);
  }
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw new SandboxFault(`--name: expected a small letter, then small letters, digits or dashes, found "${name}"`);
  }
  const [verb = 'help', ...rest] = words;
  const command = argv.slice(argv[split] === '--' ? split + 1 : split);
  return { verb, words: rest, name, json, root, command };
}

/** Where the command of `exec` begins: at `--`, or behind HOST, since `npm run sandbox exec HOST -- CMD` eats the dashes. */
function commandStart(argv: readonly string[]): number {
  const host = argv[0] === 'exec' ? argv.findIndex((word) => PLACES.includes(word)) : -1;
  const dashes = argv.indexOf('--');
  if (host < 0) return dashes < 0 ? argv.length : dashes;
  let place = host + 1;
  while (argv[place] === '--root' || argv[place] === '--name') place += argv[place] === '--root' ? 1 : 2;
  return Math.min(place, argv.length);
}
