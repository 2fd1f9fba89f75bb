// `rollout adopt`: shows which of today's containers is which service, and with --yes records it.
import { adopt, type Adoption } from '../cutover/host-adopt.ts';
import { machineNamed } from '../cutover/host-open.ts';
import { configSchema, type Machine, type Placement } from '../documents/fleet.ts';
import { releaseSchema } from '../documents/release.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { Fault } from '../fault.ts';
import { systemLocks } from '../world/lock.ts';
import { systemSockets } from '../world/tcp.ts';
import { print } from '../world/terminal.ts';
import type { World } from '../world/world.ts';
import { parseFlags, type Command, type Flags } from './command.ts';
import { readDocument } from './read-document.ts';
import { STATE_FOLDER } from './state-folder.ts';
import { showTable } from './table.ts';
import { seeHelp } from './usage.ts';

const help = `usage: rollout adopt --machine NAME (--release FILE | --config FILE) [--yes]

Finds the containers that run this host's services today, by name, port and image, whoever started them.
With --yes the host remembers them: the next cutover stops each one, keeps it as the way back, and puts
Compose's own in its place. Nothing is stopped or changed here.

  --machine NAME   this host's name
  --release FILE   a release; - is standard input
  --config FILE    or a configuration as \`rollout config --format json\` prints it
  --yes            record it
  --format FORMAT  text or json
  --state DIR      where this host keeps its journals (${STATE_FOLDER})

  rollout adopt --machine mainpc --release release.json --yes`;

const options = {
  machine: { type: 'string' },
  release: { type: 'string' },
  config: { type: 'string' },
  yes: { type: 'boolean' },
  format: { type: 'string' },
  state: { type: 'string' },
} as const;

const LOCK_WAIT_MS = 30_000;
const GROUP_MAY_WRITE = 0o002;
const FATES: Readonly<Record<Adoption['fate'], string>> = {
  take: 'would be taken over (--yes)',
  taken: 'the next cutover takes it over',
  ours: 'Compose’s own already',
  none: 'starts new',
};

export const command: Command = { summary: 'show and record which container is which service today', help, run };

async function run(args: readonly string[], world: World): Promise<ExitCode> {
  const flags = parseFlags(args, options, help);
  process.umask(GROUP_MAY_WRITE);
  const format = flags.choice('format', ['text', 'json']);
  const fleet = await readFleet(world, flags);
  const name = flags.required('machine');
  const machine = machineNamed(fleet.machines, name);
  const placements = fleet.placements.filter((placement) => placement.machine === name);
  const { adoptions, strangers } = await adopt(
    { ...world, locks: systemLocks, sockets: systemSockets },
    {
      machine,
      placements,
      stateFolder: flags.text('state') ?? STATE_FOLDER,
      record: flags.on('yes'),
      lockWaitMs: LOCK_WAIT_MS,
    },
  );
  if (format === 'json') await print(`${JSON.stringify({ adoptions, strangers })}\n`);
  else tellTable(world, adoptions);
  for (const { container, port, service } of strangers) {
    world.log.warn(
      `${container} holds port ${port} of ${service} and is no service we know; stop it, or give ${service} another port`,
    );
  }
  return EXIT.done;
}

async function readFleet(
  world: World,
  flags: Flags,
): Promise<{ readonly machines: readonly Machine[]; readonly placements: readonly Placement[] }> {
  const [release, config] = [flags.text('release'), flags.text('config')];
  if (release !== undefined) return (await readDocument(world, releaseSchema, release)).deployment;
  if (config !== undefined) return readDocument(world, configSchema, config);
  throw new Fault('usage', 'which services?', { expected: '--release FILE or --config FILE', cure: seeHelp(help) });
}

function tellTable(world: World, adoptions: readonly Adoption[]): void {
  const table = showTable([['SERVICE', 'CONTAINER', 'STATE', 'WHY', 'AND THEN'], ...adoptions.map(rowOf)]);
  for (const line of table.trimEnd().split('\n')) world.log.info(line);
}

function rowOf({ service, container, state, why, fate }: Adoption): readonly string[] {
  return [service, container?.name ?? '-', state, why, FATES[fate]];
}
