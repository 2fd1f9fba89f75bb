// The resolved configuration for people: one aligned table per section, each value with its source.
import type { Config, Image, Placement } from '../documents/fleet.ts';
import { showDuration, showSize } from './measures.ts';
import { showPort } from './ports.ts';

interface Row {
  readonly name: string;
  readonly value: string;
  readonly source: string | undefined;
}

/** The whole configuration as text. */
export function showConfig(config: Config): string {
  const source = (key: string): string | undefined => config.sources[key];
  const general = [
    { name: 'registry', value: config.registry, source: source('registry') },
    { name: 'tag', value: config.tag, source: source('tag') },
    { name: 'build.secrets', value: flow(config.buildSecrets), source: source('buildSecrets') },
    ...config.supervisors.map(({ container, during }, index) => ({
      name: `supervisor ${container}`,
      value: during,
      source: source(`supervisors.${index}.during`),
    })),
  ];
  const sections = [
    table('general', general),
    table('rollout', rolloutRows(config)),
    ...config.machines.map((machine) =>
      [table(`machine ${machine.name}`, machineRows(machine, config)), ...leftAloneLines(machine.name, config)].join(
        '\n',
      ),
    ),
    ...config.images.map((image) => table(`${image.kind} ${image.name}`, imageRows(image, config))),
    ...config.placements.map((placement) =>
      table(`${placement.service} on ${placement.machine}`, placementRows(placement, config)),
    ),
  ];
  return `${sections.join('\n\n')}\n`;
}

function rolloutRows(config: Config): readonly Row[] {
  const { order, canary, machinesAtOnce, servicesAtOnce, onFailure, keepReleases } = config.rollout;
  return rowsOf(config, 'rollout', [
    ['order', flow(order)],
    ['canary.machine', canary.machine],
    ['canary.services', flow(canary.services)],
    ['canary.soak', showDuration(canary.soakMs)],
    ['machines-at-once', String(machinesAtOnce)],
    ['services-at-once', String(servicesAtOnce)],
    ['on-failure', onFailure],
    ['keep-releases', String(keepReleases)],
  ]);
}

function machineRows(machine: Config['machines'][number], config: Config): readonly Row[] {
  return rowsOf(config, `machines.${machine.name}`, [
    ['compose', machine.compose],
    ['directory', machine.directory],
    ['engine', machine.engine],
    ['runs-on', flow(machine.runsOn), 'runsOn'],
    ['profile', machine.profile ?? 'none'],
    ['reach', machine.reach.length === 0 ? 'this machine' : flow(machine.reach)],
    ['address', machine.address ?? 'none'],
    ['offline', machine.offline],
    ['disk.keep-free', showSize(machine.keepFreeBytes), 'keepFreeBytes'],
  ]);
}

/** `not ours: cache (redis:7), left alone; api needs it`. */
function leftAloneLines(machine: string, config: Config): readonly string[] {
  const here = (config.leftAlone ?? []).filter((one) => one.machine === machine);
  return here.map(({ service, image, neededBy }) => {
    const verb = neededBy.length === 1 ? 'needs' : 'need';
    const needing = neededBy.length === 0 ? '' : `; ${list(neededBy)} ${verb} it running`;
    return `  not ours: ${service} (${image ?? 'no image'}), left alone${needing}`;
  });
}

function imageRows(image: Image, config: Config): readonly Row[] {
  const key = `images.${image.name}`;
  return [
    { name: 'dockerfile', value: image.dockerfile, source: config.sources[`${key}.dockerfile`] },
    { name: 'context', value: image.context, source: config.sources[`${key}.context`] },
    ...image.parents.map(({ image: parent, from }) => ({
      name: 'built on',
      value: `${parent} (${from})`,
      source: config.sources[`${key}.parents.${parent}`],
    })),
    ...image.bases.map((base) => ({ name: 'outside base', value: base, source: image.dockerfile })),
    {
      name: 'variants',
      value: image.perMachine ? `one per machine: ${list(image.machines)}` : `one for ${list(image.machines)}`,
      source: config.sources[`${key}.perMachine`],
    },
    { name: 'lock', value: image.lock ?? 'none', source: config.sources[`${key}.lock`] },
  ];
}

/** Named as in compose and rollout.yml, where their values come from. */
function placementRows(placement: Placement, config: Config): readonly Row[] {
  const { health, ports, mounts } = placement;
  return rowsOf(config, `placements.${placement.machine}.${placement.service}`, [
    ['image', placement.image],
    ['ports', flow(ports.map(showPort))],
    ['gpu', placement.gpu ? 'yes' : 'no'],
    ['devices', flow(placement.devices)],
    ['network_mode', placement.networkMode ?? 'by compose', 'networkMode'],
    ['container_name', placement.containerName ?? 'by compose', 'containerName'],
    ['env_file', flow(placement.environmentFiles), 'environmentFiles'],
    ['volumes', list(mounts.map(({ source, target, kind }) => `${source} → ${target} (${kind})`)), 'mounts'],
    ['after', flow(placement.after)],
    ['stop_grace_period', showDuration(placement.stopGraceMs), 'stopGraceMs'],
    ['strategy', `${placement.strategy} (${placement.strategyReason})`],
    ['health.port', health.port === undefined ? 'none' : String(health.port)],
    ['health.path', health.path],
    ['health.exactly', JSON.stringify(health.exactly)],
    ['health.min-healthy-time', showDuration(health.minHealthyTimeMs)],
    ['health.healthy-deadline', showDuration(health.healthyDeadlineMs)],
  ]);
}

/** The key as the owner writes it, the value, and its name among the sources where that is another. */
type Entry = readonly [key: string, value: string, source?: string];

function rowsOf(config: Config, prefix: string, entries: readonly Entry[]): readonly Row[] {
  return entries.map(([name, value, source = name]) => ({
    name,
    value,
    source: config.sources[`${prefix}.${source}`],
  }));
}

function table(title: string, rows: readonly Row[]): string {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const valueWidth = Math.min(64, Math.max(...rows.map(({ value }) => value.length)));
  const lines = rows.map(({ name, value, source }) =>
    `  ${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${source ?? ''}`.trimEnd(),
  );
  return [title, ...lines].join('\n');
}

function list(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(', ');
}

/** `[ssh, pc2]`, as a list is written in one line of YAML. */
function flow(items: readonly string[]): string {
  return items.length === 0 ? 'none' : `[${items.join(', ')}]`;
}
