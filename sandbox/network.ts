// The sandbox's network: one bridge in the root namespace, one veth into each host, an address range of its own per sandbox.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { STATE_ROOT, stateFolder } from './places.ts';
import { attempt, run, SandboxFault } from './processes.ts';

/** The second number of every address: 10.X.0.0/16. */
export type Network = { readonly x: number };

const PREFERRED: Readonly<Record<string, number>> = { demo: 77, stories: 78 };
const FIRST_FREE = 79;
const LAST_FREE = 199;
const HOST_NUMBERS: Readonly<Record<string, number>> = { mainpc: 11, pc2: 12, builder: 13 };

export function gatewayAddress({ x }: Network): string {
  return `10.${String(x)}.0.1`;
}

/** All of 127/8 is this machine: each sandbox has a loopback address of its own, so its ports need no choosing. */
export function loopbackAddress({ x }: Network): string {
  return `127.${String(x)}.0.1`;
}

export function hostAddress({ x }: Network, host: string): string {
  return `10.${String(x)}.0.${String(HOST_NUMBERS[host] ?? 200)}`;
}

/** The network of a sandbox, chosen once and written down before anything is made of it. */
export async function provideNetwork(name: string): Promise<Network> {
  const known = await readNetwork(name);
  const network = known ?? (await chooseNetwork(name));
  await mkdir(stateFolder(name), { recursive: true, mode: 0o711 });
  await writeFile(networkPath(name), JSON.stringify(network));
  await provideBridge(network);
  return network;
}

export async function readNetwork(name: string): Promise<Network | undefined> {
  const text = await readFile(networkPath(name), 'utf8').catch(() => '');
  const x = Number(/"x":(\d+)/.exec(text)?.[1]);
  return Number.isInteger(x) ? { x } : undefined;
}

/** Gives the host whose init is `pid` its end of a new veth; what a former host of that name left is removed first. */
export async function attachHost(network: Network, host: string, pid: number): Promise<void> {
  const link = vethName(network, host);
  await removeLink(link);
  const peer = ['peer', 'name', 'eth0', 'address', hardwareAddress(hostAddress(network, host)), 'netns', String(pid)];
  await run(['ip', 'link', 'add', link, 'type', 'veth', ...peer]);
  await run(['ip', 'link', 'set', link, 'master', bridgeName(network), 'up']);
  const inside = (argv: readonly string[]): Promise<string> => run(['nsenter', '-t', String(pid), '-n', 'ip', ...argv]);
  await inside(['link', 'set', 'lo', 'up']);
  await inside(['link', 'set', 'eth0', 'up']);
  await inside(['addr', 'add', `${hostAddress(network, host)}/16`, 'dev', 'eth0']);
}

/** Removes the bridge, its firewall rules and every veth on it, also those of hosts that died half made. */
export async function removeNetwork(network: Network): Promise<void> {
  await closeFirewall(bridgeName(network));
  for (const link of await readdir('/sys/class/net')) {
    if (link === bridgeName(network) || link.startsWith(`${bridgeName(network)}-`)) await removeLink(link);
  }
}

function networkPath(name: string): string {
  return join(stateFolder(name), 'network.json');
}

function bridgeName({ x }: Network): string {
  return `rollout${String(x)}`;
}

function vethName(network: Network, host: string): string {
  // The kernel allows 15 characters.
  return `${bridgeName(network)}-${String(HOST_NUMBERS[host] ?? 200)}`;
}

/**
 * Fixed, as a real machine's is: a bridge left to itself takes the lowest of its ports' addresses and changes it when a
 * host reboots, and everybody else then talks into the void for some ten seconds.
 */
function hardwareAddress(address: string): string {
  const bytes = address.split('.').map((number) => Number(number).toString(16).padStart(2, '0'));
  return ['02', '42', ...bytes].join(':');
}

async function chooseNetwork(name: string): Promise<Network> {
  const taken = await takenByOthers();
  const preferred = PREFERRED[name];
  const others = Object.values(PREFERRED);
  const free = Array.from({ length: LAST_FREE - FIRST_FREE + 1 }, (_, place) => FIRST_FREE + place);
  for (const x of [...(preferred === undefined ? [] : [preferred]), ...free.filter((each) => !others.includes(each))]) {
    if (!taken.has(x)) return { x };
  }
  throw new SandboxFault(`no free network: all of 10.${String(FIRST_FREE)} to 10.${String(LAST_FREE)} are in use here`);
}

/** Networks of other sandboxes, up or not, and of the machine itself. */
async function takenByOthers(): Promise<ReadonlySet<number>> {
  const names = existsSync(STATE_ROOT) ? await readdir(STATE_ROOT) : [];
  const known = await Promise.all(names.map(readNetwork));
  const { stdout } = await attempt(['ip', '-4', 'route', 'show', 'table', 'all']);
  const routed = [...stdout.matchAll(/\b10\.(\d+)\.\d+\.\d+/g)].map((match) => Number(match[1]));
  return new Set([...known.flatMap((network) => network?.x ?? []), ...routed]);
}

async function provideBridge(network: Network): Promise<void> {
  const bridge = bridgeName(network);
  if (!existsSync(`/sys/class/net/${bridge}`)) await run(['ip', 'link', 'add', bridge, 'type', 'bridge']);
  await run(['ip', 'link', 'set', bridge, 'address', hardwareAddress(gatewayAddress(network))]);
  await run(['ip', 'addr', 'replace', `${gatewayAddress(network)}/16`, 'dev', bridge]);
  await run(['ip', 'link', 'set', bridge, 'up']);
  await openFirewall(bridge);
}

/** A machine that filters (Docker's own engine makes it drop what it forwards) must let the hosts talk; others are left alone. */
async function openFirewall(bridge: string): Promise<void> {
  for (const [chain, ...match] of firewallRules(bridge)) {
    const { code, stdout } = await attempt(['iptables', '-S', chain]);
    const isOpen = stdout.trim() === `-P ${chain} ACCEPT`;
    if (code !== 0 || isOpen) continue;
    const isThere = (await attempt(['iptables', '-C', chain, ...match])).code === 0;
    if (!isThere) await run(['iptables', '-I', chain, ...match]);
  }
}

async function closeFirewall(bridge: string): Promise<void> {
  for (const [chain, ...match] of firewallRules(bridge)) {
    // Until there is none: an `up` that was killed in the middle may have left one more.
    while ((await attempt(['iptables', '-D', chain, ...match])).code === 0);
  }
}

function firewallRules(bridge: string): readonly (readonly [string, ...string[]])[] {
  return [
    ['INPUT', '-i', bridge, '-j', 'ACCEPT'],
    ['FORWARD', '-i', bridge, '-o', bridge, '-j', 'ACCEPT'],
  ];
}

async function removeLink(link: string): Promise<void> {
  if (!existsSync(`/sys/class/net/${link}`)) return;
  const { code, stderr } = await attempt(['ip', 'link', 'del', link]);
  // A dying namespace may take its veth along between the look and the act.
  if (code !== 0 && existsSync(`/sys/class/net/${link}`)) throw new SandboxFault(`cannot remove ${link}: ${stderr}`);
}
