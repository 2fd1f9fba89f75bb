// Boots the sandbox's hosts: each a set of namespaces with files, an address and an engine of its own.
import { mkdir, readFile, rm, writeFile, copyFile, chmod, chown, rename } from 'node:fs/promises';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { attachHost, gatewayAddress, hostAddress, type Network } from './network.ts';
import { children, end, endRecorded, recorded, startDaemon, until } from './processes.ts';
import { RUNNER } from './inside.ts';
import { cacheFolder, hostRecord, STATE_ROOT, stateFolder } from './places.ts';

export type Place = {
  readonly sandbox: string;
  readonly host: string;
  readonly network: Network;
  /** The unpacked tools, laid over the host's /usr/local. */
  readonly local: string;
  readonly bundle: string;
  readonly registry: string;
};

export const HOSTS = ['mainpc', 'pc2'] as const;
export const BUILDER = 'builder';
export const ENGINES = [...HOSTS, BUILDER] as const;

const OWN_FOLDERS = [
  'srv',
  'opt',
  'home',
  'root',
  'tmp',
  'run',
  'var-lib',
  'etc',
  'etc-work',
  'usr-local',
  'usr-local-work',
];
/** What a machine loses when it is switched off. */
const VOLATILE_FOLDERS = ['run', 'tmp', 'etc-work/work', 'usr-local-work/work'];
const INIT_DEADLINE_MS = 5_000;
const ENGINE_DEADLINE_MS = 60_000;
const REPOSITORY = dirname(import.meta.dirname);

/** Boots a host, or leaves it be when it already runs; ready when its engine answers. */
export async function bootHost(place: Place): Promise<void> {
  const record = hostRecord(place.sandbox, place.host);
  const running = recorded(record);
  if (running !== undefined) {
    if (await isEngineUp(place, ENGINE_DEADLINE_MS)) return;
    await end(running, 0);
  }
  await prepareFiles(place);
  const unshared = startUnshared(place, record);
  const init = await until(`first process of ${place.host}`, INIT_DEADLINE_MS, () => children(unshared)[0]);
  await attachHost(place.network, place.host, init);
  await until(`engine of ${place.host} (log: ${logPath(place)})`, ENGINE_DEADLINE_MS, async () =>
    (await pings(socketPath(place.sandbox, place.host))) ? true : undefined,
  );
}

/** Switches a host off as pulling its plug does: nothing inside gets a chance to say goodbye. */
export async function cutPower(sandbox: string, host: string): Promise<void> {
  await endRecorded(hostRecord(sandbox, host), 0);
}

export function hostFolder(sandbox: string, host: string): string {
  return join(stateFolder(sandbox), 'hosts', host);
}

export function socketPath(sandbox: string, host: string): string {
  return join(hostFolder(sandbox, host), 'run/docker.sock');
}

export function cgroupParent(sandbox: string): string {
  return `rollout-sandbox-${sandbox}`;
}

/** Whether an engine answers on a socket. */
export function pings(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath: socket, path: '/_ping', timeout: 2_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => {
      resolve(false);
    });
    asked.end();
  });
}

async function isEngineUp(place: Place, deadlineMs: number): Promise<boolean> {
  const socket = socketPath(place.sandbox, place.host);
  return until('engine', deadlineMs, async () => ((await pings(socket)) ? true : undefined)).catch(() => false);
}

function logPath(place: Place): string {
  return join(hostFolder(place.sandbox, place.host), 'engine.log');
}

function startUnshared(place: Place, record: string): number {
  const folder = hostFolder(place.sandbox, place.host);
  const namespaces = ['--net', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc'];
  const hidden = [REPOSITORY, cacheFolder(), STATE_ROOT];
  return startDaemon({
    argv: ['unshare', ...namespaces, 'sh', join(folder, 'init.sh'), folder, place.local, place.host, ...hidden],
    log: logPath(place),
    record,
  });
}

async function prepareFiles(place: Place): Promise<void> {
  const folder = hostFolder(place.sandbox, place.host);
  for (const name of VOLATILE_FOLDERS) await rm(join(folder, name), { recursive: true, force: true });
  for (const name of OWN_FOLDERS) await mkdir(join(folder, name), { recursive: true, mode: 0o755 });
  await chmod(join(folder, 'tmp'), 0o1777);
  await chmod(join(folder, 'root'), 0o700);
  for (const name of ['run/lock', 'var-lib/docker', 'var-lib/rollout-action', 'etc/docker', 'etc/ssl/certs']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await prepareRunner(folder);
  await prepareSystemFiles(place, folder);
  // The clone is hidden from the host and may be gone when the host is switched on again.
  await copyFile(join(import.meta.dirname, 'host-init.sh'), join(folder, 'init.sh'));
}

async function prepareRunner(folder: string): Promise<void> {
  await mkdir(join(folder, 'home/runner'), { recursive: true });
  for (const name of ['home/runner', 'var-lib/rollout-action']) await chown(join(folder, name), RUNNER.uid, RUNNER.gid);
  const { name, uid, gid, home, dockerGid } = RUNNER;
  const users = await othersIn('/etc/passwd', [name], uid);
  const groups = await othersIn('/etc/group', [name, 'docker'], gid, dockerGid);
  await write(folder, 'etc/passwd', `${users}${name}:x:${String(uid)}:${String(gid)}::${home}:/bin/bash\n`);
  await write(folder, 'etc/group', `${groups}${name}:x:${String(gid)}:\ndocker:x:${String(dockerGid)}:${name}\n`);
}

/** The lines of a user or group file without some names and numbers. */
async function othersIn(path: string, names: readonly string[], ...numbers: readonly number[]): Promise<string> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  const kept = lines.filter((line) => {
    const [name = '', , number] = line.split(':');
    return !names.includes(name) && !numbers.includes(Number(number));
  });
  return kept.map((line) => `${line}\n`).join('');
}

async function prepareSystemFiles(place: Place, folder: string): Promise<void> {
  const addresses = ENGINES.map((host) => `${hostAddress(place.network, host)} ${host}\n`).join('');
  await write(folder, 'etc/hostname', `${place.host}\n`);
  await write(
    folder,
    'etc/hosts',
    `127.0.0.1 localhost\n${gatewayAddress(place.network)} registry index\n${addresses}`,
  );
  // Nothing outside is reachable: a resolver that refuses at once beats one that never answers.
  await write(folder, 'etc/resolv.conf', 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  await write(folder, 'etc/ssl/certs/ca-certificates.crt', await readFile(place.bundle, 'utf8'));
  await write(folder, 'etc/docker/daemon.json', `${JSON.stringify(engineConfiguration(place), null, 2)}\n`);
}

function engineConfiguration(place: Place): Readonly<Record<string, unknown>> {
  return {
    features: { 'containerd-snapshotter': true },
    // So `FROM python:3.11-slim-bookworm` finds the sandbox's base in Dockerfiles as users have them.
    'registry-mirrors': [`https://${place.registry}`],
    'cgroup-parent': `/${cgroupParent(place.sandbox)}/${place.host}`,
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    'shutdown-timeout': 5,
  };
}

/** Writes beside and renames: a host that runs must never see half a file. */
async function write(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
