// What a host must show before anything is touched, each check with what was measured, the threshold and the cure.
import type { Check } from '../documents/findings.ts';
import type { Machine, Placement } from '../documents/fleet.ts';
import { isRunning, type Container } from './container.ts';

export interface EngineSeen {
  readonly version: string;
  readonly apiVersion: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly storageDriver: string;
  readonly dataRoot: string;
  readonly kind: string;
  readonly swarm: boolean;
}

export interface DiskSeen {
  readonly path: string;
  /** undefined when it can't be seen from here. */
  readonly freeBytes: number | undefined;
  /** Compressed bytes of the images that are not here yet; undefined when the registry did not say. */
  readonly missingBytes: number | undefined;
}

export interface PortsSeen {
  readonly placement: Placement;
  /** Ids of the containers that go when the new one comes. */
  readonly replaced: readonly string[];
  readonly containers: readonly Container[];
  /** TCP ports with a listener, Docker's own included. */
  readonly listening: ReadonlySet<number>;
}

/** A path of a placement and what lies there. */
export interface PathSeen {
  readonly service: string;
  readonly path: string;
  readonly found: 'file' | 'folder' | 'other' | undefined;
  /** Comes with the release, so that it need not lie there yet. */
  readonly travels: boolean;
}

/** Compose 2 needs 1.41; the fields read here are in all later ones. */
const LEAST_API = '1.41';
const ARCHITECTURE = 'x86_64';
/** Layers are unpacked: a compressed gigabyte takes more on the disk. */
const UNPACKED = 1.3;
const GIB = 1024 ** 3;

export function checkEngine(engine: EngineSeen): Check {
  const { version, apiVersion, kind, storageDriver, architecture, operatingSystem } = engine;
  const seen = { rule: 'P01', where: operatingSystem, got: `${version}, API ${apiVersion}, ${architecture}` };
  if (engine.swarm) {
    return {
      ...seen,
      verdict: 'fail',
      message: 'this host is a Swarm node: its services belong to Swarm',
      cure: 'update them with `docker service update`, or take the node out of the swarm',
    };
  }
  const tooOld = compareVersions(apiVersion, LEAST_API) < 0;
  if (tooOld || architecture !== ARCHITECTURE) {
    return {
      ...seen,
      verdict: 'fail',
      message: tooOld ? 'the engine is too old' : 'the images are for another architecture',
      expected: tooOld ? `API ${LEAST_API} or newer` : ARCHITECTURE,
      cure: tooOld ? 'upgrade Docker Engine' : 'name another machine for these services',
    };
  }
  return { ...seen, verdict: 'pass', message: `Docker ${version}, ${kind}, ${storageDriver}` };
}

export function checkDisk({ path, freeBytes, missingBytes }: DiskSeen, machine: Machine): Check {
  const where = `${machine.name}: ${path}`;
  if (freeBytes === undefined) {
    return { rule: 'P02', where, verdict: 'unknown', message: "the engine's data can't be seen from here" };
  }
  const needed = machine.keepFreeBytes + Math.ceil((missingBytes ?? 0) * UNPACKED);
  const expected = `${gib(needed)} free: ${gib(machine.keepFreeBytes)} to keep and ${gib(needed - machine.keepFreeBytes)} for new layers`;
  const seen = { rule: 'P02', where, expected, got: `${gib(freeBytes)} free` };
  if (freeBytes < needed) {
    const cure =
      'free space on this disk (`docker system df` shows what Docker holds; never prune volumes), or lower disk.keep-free';
    return { ...seen, verdict: 'fail', message: 'too little space on the disk', cure };
  }
  if (missingBytes !== undefined) return { ...seen, verdict: 'pass', message: 'enough space on the disk' };
  return {
    ...seen,
    verdict: 'warn',
    message: 'enough space to keep; the registry did not say how much the images need',
  };
}

/** Each port the new container publishes is free, or held by what it replaces. */
export function checkPorts({ placement, replaced, containers, listening }: PortsSeen): readonly Check[] {
  return placement.ports.flatMap(({ host, protocol }) => {
    if (host === undefined) return [];
    const where = `${placement.service}: port ${host}/${protocol}`;
    const holders = containers.filter((container) => isRunning(container) && holds(container, host, protocol));
    const stranger = holders.find(({ id }) => !replaced.includes(id));
    if (stranger !== undefined) return [heldByContainer(where, stranger)];
    if (holders.length > 0) return [pass('P07', where, 'held by the container it replaces')];
    const replacedOnHost = containers.some(({ id, networkMode }) => replaced.includes(id) && networkMode === 'host');
    if (protocol === 'tcp' && listening.has(host) && !replacedOnHost) return [heldByProcess(where, host)];
    return [pass('P07', where, 'free')];
  });
}

export function checkPath({ service, path, found, travels }: PathSeen): Check {
  const where = `${service}: ${path}`;
  if (found !== undefined) return pass('P12', where, `there, a ${found}`);
  if (travels) return pass('P12', where, 'comes with the release');
  return {
    rule: 'P12',
    where,
    verdict: 'fail',
    message: 'there is no such file or folder',
    expected: 'a file or a folder',
    got: 'nothing; Docker would make an empty folder owned by root',
    cure: 'make it on this host, owned by the user the container runs as',
  };
}

export function checkFolder(folder: string, writable: boolean): Check {
  if (writable) return pass('P16', folder, 'the project folder can be written');
  return {
    rule: 'P16',
    where: folder,
    verdict: 'fail',
    message: 'the project folder is missing, or this user can not write it',
    expected: 'a folder that the user of the rollout may write',
    cure: `as root: install -d -o USER ${folder}`,
  };
}

/** Others who restart containers: they see a stopped one and start it in the middle of a cutover. */
export function checkOtherHands(containers: readonly Container[], declared: readonly string[]): readonly Check[] {
  const hands = containers.filter((container) => isRunning(container) && reachesEngine(container));
  return hands.map((container) => {
    const known = declared.some((name) => isNamed(container, name));
    if (known) return pass('P14', container.name, 'has the engine’s socket, and is named in `supervisors`');
    return {
      rule: 'P14',
      where: container.name,
      verdict: 'warn',
      message: 'this container has the engine’s socket and may restart others during the cutover',
      cure: `name it in rollout.yml: supervisors: [{ container: ${container.name}, during: stop }]`,
    };
  });
}

/** Whether a declared supervisor is this container: by its name, or by its service in Compose. */
export function isNamed(container: Container, name: string): boolean {
  return container.name === name || container.labels['com.docker.compose.service'] === name;
}

function reachesEngine(container: Container): boolean {
  return container.mounts.some(({ source }) => source.endsWith('/docker.sock'));
}

function holds(container: Container, port: number, protocol: string): boolean {
  return container.ports.some((held) => held.host === port && held.protocol === protocol);
}

function heldByContainer(where: string, holder: Container): Check {
  return {
    rule: 'P07',
    where,
    verdict: 'fail',
    message: `another container holds the port: ${holder.name}`,
    expected: 'free, or held by the container it replaces',
    got: `${holder.name} (${holder.image})`,
    cure: 'if it is this service, started by hand: `rollout adopt` takes it over; else stop it',
  };
}

function heldByProcess(where: string, port: number): Check {
  return {
    rule: 'P07',
    where,
    verdict: 'fail',
    message: 'a process that is no container of this engine listens on the port',
    expected: 'free, or held by the container it replaces',
    cure: `see who it is (as root: ss -ltnp 'sport = :${port}') and stop it`,
  };
}

function pass(rule: string, where: string, message: string): Check {
  return { rule, where, verdict: 'pass', message };
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  return (left?.[0] ?? 0) - (right?.[0] ?? 0) || (left?.[1] ?? 0) - (right?.[1] ?? 0);
}
