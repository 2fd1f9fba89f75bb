// The verbs that change or show a whole sandbox, one at a time on this machine.
import { existsSync } from 'node:fs';
import { readSandbox, type Sandbox } from './contract.ts';
import { down } from './down.ts';
import { bootHost, cutPower, ENGINES, pings, socketPath } from './hosts.ts';
import { hostInit } from './inside.ts';
import { withLock } from './lock.ts';
import { attempt, markChildren, SandboxFault } from './processes.ts';
import { createProgress } from './progress.ts';
import { placeOf, up } from './up.ts';

export type Asked = { readonly words: readonly string[]; readonly name: string; readonly json: boolean };

const EXIT_DOWN = 1;

export async function runVerb(verb: 'up' | 'down' | 'status' | 'power', asked: Asked): Promise<number> {
  requireMachine();
  markChildren(asked.name);
  switch (verb) {
    case 'up':
      return upVerb(asked);
    case 'down':
      return downVerb(asked);
    case 'status':
      return statusVerb(asked);
    case 'power':
      return powerVerb(asked);
  }
}

function requireMachine(): void {
  const cure = 'run it on a Debian 12 (or later) machine or virtual machine, as root';
  if (process.platform !== 'linux') throw new SandboxFault(`expected Linux, found ${process.platform}: ${cure}`);
  if (process.getuid?.() !== 0) {
    throw new SandboxFault(
      `expected root (namespaces and mounts need it), found user ${String(process.getuid?.())}: ${cure}`,
    );
  }
  if (!existsSync('/sys/fs/cgroup/memory') && !existsSync('/sys/fs/cgroup/cgroup.controllers')) {
    throw new SandboxFault(
      `expected control groups at /sys/fs/cgroup, found none: ${cure}, not inside a plain container`,
    );
  }
  if (!existsSync('/usr/bin/apt-get')) throw new SandboxFault(`expected Debian's apt-get, found none: ${cure}`);
}

/** A container's root may be no more than a name. */
async function requireNamespaces(): Promise<void> {
  const { code, stderr } = await attempt(['unshare', '--mount', '--net', '--pid', '--uts', '--ipc', '--fork', 'true']);
  if (code === 0) return;
  const said = stderr.trim();
  throw new SandboxFault(
    `expected the right to make namespaces, found "${said}": run it on a machine, not in a container`,
  );
}

async function upVerb({ name, json }: Asked): Promise<number> {
  const progress = createProgress();
  await requireNamespaces();
  const described = await withLock(progress, () => up(name, progress));
  if (json) print(JSON.stringify(described, null, 2));
  else await printTable(described);
  return 0;
}

async function downVerb({ name }: Asked): Promise<number> {
  const progress = createProgress();
  const wasThere = await withLock(progress, () => down(name, progress));
  progress.say(wasThere ? `sandbox "${name}" is gone` : `there was no sandbox "${name}"`);
  return 0;
}

async function statusVerb({ name, json }: Asked): Promise<number> {
  const described = await readSandbox(name).catch((error: unknown) => {
    if (error instanceof Error) process.stderr.write(`${error.message}\n`);
    return undefined;
  });
  if (described === undefined) return EXIT_DOWN;
  if (json) print(JSON.stringify(described, null, 2));
  else await printTable(described);
  return 0;
}

async function powerVerb({ name, words }: Asked): Promise<number> {
  const [host = '', state = ''] = words;
  if (!ENGINES.some((each) => each === host) || !['off', 'on'].includes(state)) {
    throw new SandboxFault(`power: expected ${ENGINES.join('|')} off|on, found "${words.join(' ')}"`);
  }
  await withLock(createProgress(), async () => {
    if (state === 'off') await cutPower(name, host);
    else await bootHost(await placeOf(name, host));
  });
  return 0;
}

async function printTable(described: Sandbox): Promise<void> {
  const engines = await Promise.all(ENGINES.map((host) => engineRow(described, host)));
  const rows = [
    ...engines,
    ['registry', described.registry.address, `user ${described.registry.user}, authority ${described.registry.ca}`],
    ['index', described.index.url, described.index.accessLog],
  ];
  for (const [what = '', where = '', more = ''] of rows) print(`${what.padEnd(10)} ${where.padEnd(30)} ${more}`);
  print(
    `tools      ${Object.entries(described.tools.versions)
      .map((pair) => pair.join(' '))
      .join(', ')}`,
  );
}

async function engineRow(described: Sandbox, host: (typeof ENGINES)[number]): Promise<readonly string[]> {
  const where = host === 'builder' ? described.builder.endpoint : described.hosts[host].address;
  if (hostInit(described.name, host) === undefined) return [host, where, 'switched off'];
  const socket = socketPath(described.name, host);
  return [host, where, `${(await pings(socket)) ? 'engine answers' : 'engine does not answer'} at ${socket}`];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
