// `rollout status`: what runs on this host, since when, by which release.
import { hostStatus, type ServiceStatus } from '../cutover/host-status.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { systemLocks } from '../world/lock.ts';
import { systemSockets } from '../world/tcp.ts';
import { print } from '../world/terminal.ts';
import type { World } from '../world/world.ts';
import { parseFlags, type Command } from './command.ts';
import { STATE_FOLDER } from './state-folder.ts';
import { showTable } from './table.ts';

const help = `usage: rollout status [--format text|json] [--state DIR]

What runs on this host, since when and by which release, from its journals and its engine.

  --format FORMAT  text or json
  --state DIR      where this host keeps its journals (${STATE_FOLDER})`;

const options = { format: { type: 'string' }, state: { type: 'string' } } as const;
const DIGEST_CHARACTERS = 'sha256:'.length + 12;

export const command: Command = { summary: 'what runs on this host, since when, by which release', help, run };

async function run(args: readonly string[], world: World): Promise<ExitCode> {
  const flags = parseFlags(args, options, help);
  const format = flags.choice('format', ['text', 'json']);
  const stateFolder = flags.text('state') ?? STATE_FOLDER;
  const found = await hostStatus({ ...world, locks: systemLocks, sockets: systemSockets }, stateFolder);
  if (format === 'json') await print(`${JSON.stringify(found)}\n`);
  else if (found.length === 0) world.log.info(`no rollout has been on this host: ${stateFolder} holds no journal`);
  else
    await print(
      showTable([['SERVICE', 'RELEASE', 'DIGEST', 'SINCE', 'CONTAINER', 'STATE', 'BEFORE'], ...found.map(rowOf)]),
    );
  for (const { service, unfinished } of found) {
    if (unfinished !== undefined)
      world.log.warn(`${service}: release ${unfinished}; the next cutover brings it to an end`);
  }
  return EXIT.done;
}

function rowOf({ service, release, digest, since, container, state, former }: ServiceStatus): readonly string[] {
  const cells = [release, digest?.slice(0, DIGEST_CHARACTERS), since, container, state, former[0]];
  return [service, ...cells.map((cell) => cell ?? '-')];
}
