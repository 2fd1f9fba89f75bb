// The placements: each service on each machine, with all that its host must know to cut it over.
import { posix } from 'node:path';
import type { Image, Placement, Port } from '../documents/fleet.ts';
import type { ComposeMount, ComposeService } from './compose.ts';
import { findCycle, inNeedOrder } from './cycle.ts';
import { deriveHealth } from './health.ts';
import { factsOf } from './image-facts.ts';
import type { Running } from './images.ts';
import { clash, showPort } from './ports.ts';
import { showPosition, type Complaint } from './complain.ts';
import { DEFAULTS } from './schema.ts';
import type { Sheet } from './sheet.ts';

/** All placements, machine by machine in the order of the rollout, services in the order in which they start. */
export function derivePlacements(
  sheet: Sheet,
  running: readonly Running[],
  images: readonly Image[],
): readonly Placement[] {
  const byName = new Map(images.map((image) => [image.name, image]));
  const { order } = sheet.reading.rollout.rollout;
  for (const machine of order) complainOfPorts(sheet, machine, running, byName);
  return order.flatMap((machine) => {
    const here = running.filter((one) => one.machine === machine);
    const placements = here.map((one) => placementOf(sheet, one, here, byName));
    return startOrder(sheet, placements, here);
  });
}

function placementOf(
  sheet: Sheet,
  { image, machine, service }: Running,
  here: readonly Running[],
  images: ReadonlyMap<string, Image>,
): Placement {
  const key = `placements.${machine}.${service.name}`;
  const made = images.get(image);
  const facts = factsOf(image, { images, dockerfiles: sheet.reading.dockerfiles, machine });
  const ports = allPorts(service, facts?.ports.map(({ value }) => value) ?? []);
  const gpu = sheet.from(`${key}.gpu`, service.gpu, service.gpu ? service.at('deploy') : 'default');
  sheet.from(`${key}.image`, image, service.at('image'));
  sheet.from(
    `${key}.ports`,
    ports,
    service.ports.length > 0 ? service.at('ports') : (made?.dockerfile ?? service.at()),
  );
  noteCompose(sheet, key, service);
  return {
    service: service.name,
    machine,
    image,
    composeService: service.name,
    ports: [...ports],
    gpu,
    devices: [...service.devices],
    ...(service.networkMode === undefined ? {} : { networkMode: service.networkMode }),
    ...(service.containerName === undefined ? {} : { containerName: service.containerName }),
    environmentFiles: service.environmentFiles.map(cleanRelative),
    mounts: service.mounts.flatMap((mount) => mountOf(sheet, mount, service)),
    after: [...afterOf(sheet, key, service, here)],
    stopGraceMs:
      service.stopGraceMs === undefined
        ? sheet.from(`${key}.stopGraceMs`, DEFAULTS.stopGraceMs, 'default')
        : sheet.from(`${key}.stopGraceMs`, service.stopGraceMs, service.at('stop_grace_period')),
    ...strategyOf(sheet, key, service),
    health: deriveHealth({
      ...{ sheet, key: `${key}.health`, service, facts, ports, gpu },
      dockerfile: made?.dockerfile ?? service.at().file,
    }),
  };
}

function noteCompose(sheet: Sheet, key: string, service: ComposeService): void {
  const notes: readonly (readonly [string, string, boolean])[] = [
    ['devices', 'devices', service.devices.length > 0],
    ['networkMode', 'network_mode', service.networkMode !== undefined],
    ['containerName', 'container_name', service.containerName !== undefined],
    ['environmentFiles', 'env_file', service.environmentFiles.length > 0],
    ['mounts', 'volumes', service.mounts.length > 0],
  ];
  for (const [name, written, there] of notes) if (there) sheet.from(`${key}.${name}`, written, service.at(written));
}

/** Published ports, then those only exposed; on the host's network an exposed port is one of the machine. */
function allPorts(service: ComposeService, baked: readonly string[]): readonly Port[] {
  const onHost = service.networkMode === 'host';
  const published = onHost ? [] : service.ports;
  const isPublished = (port: Port): boolean =>
    published.some(({ container, protocol }) => container === port.container && protocol === port.protocol);
  const exposed = [...service.exposed, ...baked.flatMap(exposedPort)]
    .filter((port) => !isPublished(port))
    .map((port) => (onHost ? { ...port, host: port.container } : port));
  return [...published, ...new Map(exposed.map((port) => [showPort(port), port])).values()];
}

function exposedPort(text: string): readonly Port[] {
  const [, number, protocol] = /^(\d+)\/(tcp|udp)$/.exec(text) ?? [];
  if (number === undefined) return [];
  return [{ container: Number(number), protocol: protocol === 'udp' ? 'udp' : 'tcp' }];
}

function complainOfPorts(
  sheet: Sheet,
  machine: string,
  running: readonly Running[],
  images: ReadonlyMap<string, Image>,
): void {
  const { composes, dockerfiles } = sheet.reading;
  const held = new Map<number, Holder[]>();
  for (const service of composes.get(machine)?.services ?? []) {
    const one = running.find((candidate) => candidate.machine === machine && candidate.service.name === service.name);
    const facts = one === undefined ? undefined : factsOf(one.image, { images, dockerfiles, machine });
    for (const port of allPorts(service, facts?.ports.map(({ value }) => value) ?? [])) {
      if (port.host === undefined) continue;
      const there = held.get(port.host) ?? [];
      const other = there.find((holder) => clashes(holder, { port, service }));
      if (other !== undefined)
        sheet.complain('RC005', service.at('ports'), heldTwice(machine, other, { port, service }));
      held.set(port.host, [...there, { port, service }]);
    }
  }
}

interface Holder {
  readonly port: Port;
  readonly service: ComposeService;
}

function clashes(one: Holder, other: Holder): boolean {
  const isIpv6 = ({ port }: Holder): boolean => port.address?.startsWith('[') === true;
  // One service may publish a port for both families, 0.0.0.0 and [::].
  const bothFamilies = one.service.name === other.service.name && isIpv6(one) !== isIpv6(other);
  return clash(one.port, other.port) && !bothFamilies;
}

function heldTwice(machine: string, first: Holder, second: Holder): Complaint {
  const { name } = second.service;
  const alone = first.service.name === name;
  const there = `${showPort(first.port)} at ${showPosition(first.service.at('ports'))}`;
  return {
    message: alone
      ? `${name} holds port ${second.port.host} of ${machine} twice`
      : `${first.service.name} and ${name} both hold port ${second.port.host} of ${machine}`,
    expected: 'one holder per port of a machine',
    got: alone ? `${showPort(first.port)} and ${showPort(second.port)}` : `${there}, and ${showPort(second.port)} here`,
    cure: alone ? `take one of them out of ports` : `give ${name} another port on ${machine}`,
  };
}

function mountOf(sheet: Sheet, mount: ComposeMount, service: ComposeService): readonly Placement['mounts'][number][] {
  if (mount.type === 'other' || mount.source === undefined) return [];
  const { source, target, readOnly } = mount;
  if (mount.type === 'volume') return [{ source, target, readOnly, kind: 'volume' }];
  if (!source.startsWith('.') && !/^[\w]/.test(source)) return [{ source, target, readOnly, kind: 'host' }];
  const path = cleanRelative(source);
  const inRepository = posix.normalize(`${posix.dirname(service.at().file)}/${path}`);
  const kind = isTracked(sheet, inRepository) && !path.startsWith('..') ? 'repository' : 'host';
  return [{ source: path, target, readOnly, kind }];
}

function isTracked(sheet: Sheet, path: string): boolean {
  const { tracked } = sheet.reading.repository;
  if (tracked === undefined) return false;
  return tracked.has(path) || [...tracked].some((file) => file.startsWith(`${path}/`));
}

/** depends_on of compose and `after` of rollout.yml, as far as they name services of the fleet on the same machine. */
function afterOf(sheet: Sheet, key: string, service: ComposeService, here: readonly Running[]): readonly string[] {
  const names = new Set(here.map((one) => one.service.name));
  const written = sheet.reading.rollout.services?.[service.name]?.after ?? [];
  const composed = service.dependsOn.filter((name) => names.has(name));
  const said = written.filter((name) => names.has(name));
  if (composed.length > 0) sheet.from(`${key}.after`, composed, service.at('depends_on'));
  if (said.length > 0) sheet.from(`${key}.after`, said, sheet.place(['services', service.name, 'after']));
  return [...new Set([...composed, ...said])].filter((name) => name !== service.name);
}

function strategyOf(
  sheet: Sheet,
  key: string,
  service: ComposeService,
): Pick<Placement, 'strategy' | 'strategyReason'> {
  const written = sheet.reading.rollout.services?.[service.name]?.strategy ?? 'auto';
  if (written !== 'auto') {
    const at = sheet.place(['services', service.name, 'strategy']);
    return { strategy: sheet.from(`${key}.strategy`, written, at), strategyReason: `said in ${showPosition(at)}` };
  }
  sheet.from(`${key}.strategy`, 'stop-first', 'default');
  return { strategy: 'stop-first', strategyReason: `auto: ${reasonForStopFirst(service)}` };
}

function reasonForStopFirst(service: ComposeService): string {
  if (service.networkMode === 'host') return 'on the network of the host two copies would hold the same ports';
  if (service.gpu || service.devices.length > 0) return 'it holds a device that two copies can not share';
  if (service.ports.some(({ host }) => host !== undefined))
    return 'its published ports can be held by one container only';
  return 'there is no proxy in front of it to switch between two copies';
}

function startOrder(sheet: Sheet, placements: readonly Placement[], here: readonly Running[]): readonly Placement[] {
  const byService = new Map(placements.map((placement) => [placement.service, placement]));
  const needs = (name: string): readonly string[] => byService.get(name)?.after ?? [];
  const names = [...byService.keys()];
  const cycle = findCycle(names, needs);
  if (cycle !== undefined) {
    const at = here.find(({ service }) => service.name === cycle[0])?.service.at('depends_on');
    if (at !== undefined) {
      sheet.complain('RC003', at, {
        message: 'these services wait for one another in a circle',
        expected: 'an order in which they can start',
        breaks: 'start',
        got: cycle.join(' → '),
        cure: 'take one of them out of depends_on or after',
      });
    }
    return placements;
  }
  return inNeedOrder(names, needs).flatMap((name) => byService.get(name) ?? []);
}

function cleanRelative(path: string): string {
  return path.startsWith('/') ? path : posix.normalize(path).replace(/\/$/, '');
}
