// `rollout host init`: makes a machine ready to be rolled out to, once, as root.
import { dirname, join } from 'node:path';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { Fault } from '../fault.ts';
import { installHost } from '../hosts/install.ts';
import { socketPath } from '../hosts/socket.ts';
import type { World } from '../world/world.ts';
import { parseFlags, type Command } from './command.ts';
import { STATE_FOLDER } from './state-folder.ts';

const help = `usage: rollout host init [flags]        (as root, once per machine)

Installs this program with the Node that runs it under /opt/rollout-action, links it as
/usr/local/bin/rollout, and makes the state folder, writable by the group of the engine's socket.
Run again, it replaces the program; journals and rollouts under way are left alone.

  --from DIR    the built program: the folder that holds cli/index.js (this program's own)
  --state DIR   where the host keeps its journals (${STATE_FOLDER})

  sudo rollout host init`;

const options = { from: { type: 'string' }, state: { type: 'string' } } as const;

export const command: Command = { summary: 'make this machine ready to be rolled out to', help, run };

async function run(args: readonly string[], world: World): Promise<ExitCode> {
  const flags = parseFlags(args, options, help, ['init']);
  const [word = 'nothing'] = flags.rest;
  if (word !== 'init') {
    throw new Fault('usage', 'rollout host knows one word', {
      expected: 'init',
      found: word,
      cure: 'rollout host init',
    });
  }
  const installed = await installHost(world, {
    from: flags.text('from') ?? (await ownBundle(world)),
    node: process.execPath,
    nodeVersion: process.version,
    stateFolder: flags.text('state') ?? STATE_FOLDER,
    socket: socketPath(world.environment.variable('DOCKER_HOST')),
  });
  world.log.done(`${installed.command}, also ${installed.link}`);
  world.log.done(`${installed.stateFolder}, for group ${installed.group}`);
  return EXIT.done;
}

/** The built program this process runs from, or the one beside the sources it runs from. */
async function ownBundle(world: World): Promise<string> {
  const folder = dirname(dirname(process.argv[1] ?? '.'));
  const own = (await world.files.facts(join(folder, 'cli/index.js'))) !== undefined;
  return own ? folder : join(dirname(folder), 'dist');
}
