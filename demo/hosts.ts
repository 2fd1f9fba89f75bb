// The hosts as they are today, and what an operator does once before the first rollout.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildEnvironment, type HostName, type Sandbox } from '../sandbox/contract.ts';
import { call, REPOSITORY, say } from './stage.ts';
import type { Workshop } from './workshop.ts';

const HOSTS = ['mainpc', 'pc2'] as const satisfies readonly HostName[];
/** Where `rollout host init` puts the command. */
const INSTALLED = '/opt/rollout-action/bin/rollout';
const TODAY = join(REPOSITORY, 'examples/today');
const TODAY_IMAGE = 'fleet:handmade';

/** Project folders with secrets and data on both hosts; on mainpc the containers somebody started by hand. */
export async function arrangeToday(sandbox: Sandbox, workshop: Workshop): Promise<void> {
  const setup = await readFile(join(TODAY, 'host-setup.sh'), 'utf8');
  for (const host of HOSTS) {
    const { runner, execRoot } = sandbox.hosts[host];
    const command = ['sh', '-s', '--', host, '/srv/fleet', `${runner.uid}:${runner.gid}`];
    await call([...execRoot, ...command], { input: setup });
  }
  await buildToday(sandbox, workshop);
  const script = await readFile(join(TODAY, 'run-mainpc.sh'), 'utf8');
  await call([...sandbox.hosts.mainpc.exec, 'sh', '-s', '--', TODAY_IMAGE], { input: script });
}

/** Puts the command on both hosts, as root, once; and logs the hosts' own user in to the registry. */
export async function installHosts(sandbox: Sandbox): Promise<void> {
  for (const host of HOSTS) {
    await copyProgram(sandbox, host);
    const init = ['/tmp/rollout/node', '/tmp/rollout/dist/cli/index.js', 'host', 'init', '--from', '/tmp/rollout/dist'];
    await call([...sandbox.hosts[host].execRoot, ...init], { show: true });
    const { address, user, password } = sandbox.registry;
    const login = ['docker', 'login', '--username', user, '--password-stdin', address];
    await call([...sandbox.hosts[host].exec, ...login], { input: password });
  }
}

/** Shows which running container is which service, and records it for the first cutover. */
export async function adopt(sandbox: Sandbox, release: string): Promise<void> {
  const input = await readFile(release, 'utf8');
  const command = [INSTALLED, 'adopt', '--machine', 'mainpc', '--release', '-', '--yes'];
  await call([...sandbox.hosts.mainpc.exec, ...command], { input, show: true });
}

/** Today's image was built on the host itself, and is in no registry. */
async function buildToday(sandbox: Sandbox, workshop: Workshop): Promise<void> {
  const base = (await readFile(join(workshop.folder, 'images/base-python/Dockerfile'), 'utf8')).match(
    /^ARG PYTHON_IMAGE=(.*)$/m,
  )?.[1];
  const engine = { ...buildEnvironment(sandbox), DOCKER_HOST: `unix://${sandbox.hosts.mainpc.socket}` };
  const build = [
    'build',
    '--builder',
    'default',
    '--quiet',
    '--tag',
    TODAY_IMAGE,
    '--build-arg',
    `PYTHON_IMAGE=${base}`,
  ];
  const file = ['--file', join(TODAY, 'Dockerfile'), TODAY];
  await call([sandbox.tools.docker, ...build, ...file], { environment: engine });
  say(`built ${TODAY_IMAGE} on mainpc, as somebody did by hand`);
}

/** The bundle and a Node go to the host as an archive, because a host can not read this checkout. */
async function copyProgram(sandbox: Sandbox, host: HostName): Promise<void> {
  const pack = `tar --create --directory "$1" dist --directory "$(dirname "$2")" "$(basename "$2")"`;
  const unpack = 'mkdir -p /tmp/rollout && tar --extract --directory /tmp/rollout';
  const line = `${pack} | ${sandbox.hosts[host].execRoot.map((word) => `'${word}'`).join(' ')} sh -c '${unpack}'`;
  await call(['bash', '-o', 'pipefail', '-c', line, 'bash', REPOSITORY, process.execPath]);
}
