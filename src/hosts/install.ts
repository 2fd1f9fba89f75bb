// Puts the program, the Node that runs it and the state folder on a host, once, as root.
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { Fault } from '../fault.ts';
import { refuseOldNode } from '../world/node-version.ts';
import type { World } from '../world/world.ts';

export interface Installation {
  /** The folder of the bundle: `cli/index.js` and what belongs to it. */
  readonly from: string;
  /** The Node that runs it; none is on PATH of a host. */
  readonly node: string;
  readonly nodeVersion: string;
  readonly stateFolder: string;
  /** The engine's socket; its group may look after rollouts. */
  readonly socket: string;
}

export interface Installed {
  readonly command: string;
  readonly link: string;
  readonly stateFolder: string;
  readonly group: number;
}

export const PROGRAM_FOLDER = '/opt/rollout-action';
const LINK = '/usr/local/bin/rollout';
const STATE_MODE = '2770';
const PROGRAM_MODE = 0o755;
const COMMAND_DEADLINE_MS = 60_000;
const HASH_DIGITS = 12;
/** As `stat --file-system` names them: no locks, no fsync or no owners that can be relied on. */
const UNFIT_FILE_SYSTEMS = ['v9fs', '9p', 'wslfs', 'drvfs', 'nfs', 'nfs4', 'cifs', 'smb2', 'vboxsf'];

/** Throws Fault `unsupported` for an old Node; `host` when it is not run by root, the bundle is missing, or the state folder's file system can't be trusted. */
export async function installHost(world: World, installation: Installation): Promise<Installed> {
  const { stateFolder, socket } = installation;
  // Every rollout of this host would run on it.
  refuseOldNode(installation.nodeVersion, installation.node);
  await requireRoot(world);
  const group = await groupOf(world, socket);
  await refuseUnfit(world, stateFolder);
  const bundle = await copyBundle(world, installation);
  const node = await copyNode(world, installation);
  const command = join(PROGRAM_FOLDER, 'bin/rollout');
  await world.files.writeAtomic(command, wrapper(node, bundle), PROGRAM_MODE);
  await run(world, ['ln', '--symbolic', '--force', '--no-dereference', command, LINK]);
  await run(world, ['install', '--directory', `--mode=${STATE_MODE}`, `--group=${group}`, stateFolder]);
  return { command, link: LINK, stateFolder, group };
}

async function requireRoot(world: World): Promise<void> {
  const user = (await run(world, ['id', '-u'])).trim();
  if (user === '0') return;
  throw new Fault('host', 'the host is prepared by root', {
    expected: 'user 0',
    found: `user ${user}`,
    cure: 'sudo, once: what it installs is then used by everyone in the group of the engine’s socket',
  });
}

async function groupOf(world: World, socket: string): Promise<number> {
  const facts = await world.files.facts(socket);
  if (facts !== undefined) return facts.gid;
  throw new Fault('host', 'there is no engine on this host', {
    where: socket,
    expected: "the engine's socket, whose group may look after rollouts",
    cure: 'install Docker Engine and start it, then run this again',
  });
}

async function refuseUnfit(world: World, stateFolder: string): Promise<void> {
  const nearest = await nearestFolder(world, stateFolder);
  const kind = (await run(world, ['stat', '--file-system', '--format=%T', nearest])).trim();
  if (!UNFIT_FILE_SYSTEMS.includes(kind)) return;
  throw new Fault('host', 'the state folder must lie on a disk of this host', {
    where: stateFolder,
    expected: 'a local file system with locks, fsync and owners',
    found: kind,
    cure: 'name a folder on a local disk with --state',
  });
}

async function nearestFolder(world: World, path: string): Promise<string> {
  if ((await world.files.facts(path)) !== undefined || dirname(path) === path) return path;
  return nearestFolder(world, dirname(path));
}

/** Beside the former one under a name of its own: a rollout under way loads its parts from the former one. */
async function copyBundle(world: World, { from }: Installation): Promise<string> {
  const door = join(from, 'cli/index.js');
  if ((await world.files.facts(door)) === undefined) {
    throw new Fault('host', 'there is no bundle to install', {
      where: from,
      expected: door,
      cure: 'run this from the built program (npm run build), or name its folder with --from',
    });
  }
  const target = join(PROGRAM_FOLDER, `bundle-${await hashOf(world, from)}`);
  if ((await world.files.facts(join(target, 'cli/index.js'))) === undefined) {
    await copyFolder(world, from, target);
  }
  return target;
}

async function copyFolder(world: World, from: string, target: string): Promise<void> {
  const half = `${target}.half`;
  await world.files.remove(half);
  await run(world, ['mkdir', '--parents', PROGRAM_FOLDER]);
  await run(world, ['cp', '--recursive', '--no-target-directory', from, half]);
  await run(world, ['chown', '--recursive', '0:0', half]);
  await run(world, ['chmod', '--recursive', 'u=rwX,go=rX', half]);
  await run(world, ['mv', '--no-target-directory', half, target]);
}

async function copyNode(world: World, { node, nodeVersion }: Installation): Promise<string> {
  const target = join(PROGRAM_FOLDER, `node-${nodeVersion}`, 'node');
  if ((await world.files.facts(target)) !== undefined) return target;
  await run(world, ['install', '-D', '--mode=755', node, `${target}.half`]);
  await run(world, ['mv', '--no-target-directory', `${target}.half`, target]);
  return target;
}

function wrapper(node: string, bundle: string): string {
  return `#!/bin/sh\nexec ${node} ${bundle}/cli/index.js "$@"\n`;
}

async function hashOf(world: World, folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of await filesUnder(world, folder)) {
    hash.update(`${path.slice(folder.length)}\n`);
    hash.update((await world.files.readBytes(path)) ?? '');
  }
  return hash.digest('hex').slice(0, HASH_DIGITS);
}

async function filesUnder(world: World, folder: string): Promise<readonly string[]> {
  const entries = (await world.files.list(folder)) ?? [];
  const nested = await Promise.all(
    entries.map(({ name, kind }) => {
      const path = join(folder, name);
      return kind === 'folder' ? filesUnder(world, path) : Promise.resolve([path]);
    }),
  );
  return nested.flat();
}

async function run(world: World, command: readonly string[]): Promise<string> {
  return (await world.processes.run(command, { deadlineMs: COMMAND_DEADLINE_MS })).stdout;
}
