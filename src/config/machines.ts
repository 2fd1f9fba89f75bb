// The machines of rollout.yml with their defaults, and the checks of every name that stands for a machine.
import type { Config, Machine } from '../documents/fleet.ts';
import { didYouMean } from './nearest.ts';
import { DEFAULTS, type MachineEntry } from './schema.ts';
import type { Sheet } from './sheet.ts';
import type { YamlPath } from './yaml-file.ts';

/** The machines in the order of the rollout. */
export function deriveMachines(sheet: Sheet): readonly Machine[] {
  const { machines, rollout } = sheet.reading.rollout;
  rollout.order.forEach((name, index) => checkMachine(sheet, name, ['rollout', 'order', index]));
  if (rollout.canary.machine !== undefined)
    checkMachine(sheet, rollout.canary.machine, ['rollout', 'canary', 'machine']);
  for (const [service, entry] of Object.entries(sheet.reading.rollout.services ?? {})) {
    entry.machines?.forEach((name, index) => checkMachine(sheet, name, ['services', service, 'machines', index]));
  }
  for (const name of Object.keys(machines)) if (!rollout.order.includes(name)) complainOfOrder(sheet, name);
  return [...new Set(rollout.order)].flatMap((name) => {
    const entry = machines[name];
    return entry === undefined ? [] : [machineOf(sheet, name, entry)];
  });
}

/** What happens in which order once the images exist. */
export function deriveRollout(sheet: Sheet): Config['rollout'] {
  const { rollout } = sheet.reading.rollout;
  const { order, canary } = rollout;
  const said = <T>(name: string, written: T | undefined, fallback: T): T =>
    sheet.said(`rollout.${name}`, written, ['rollout', name], fallback);
  sheet.from('rollout.order', order, sheet.place(['rollout', 'order']));
  sheet.from('rollout.canary.services', canary.services, sheet.place(['rollout', 'canary', 'services']));
  const machine = canary.machine ?? order[0] ?? '';
  sheet.from(
    'rollout.canary.machine',
    machine,
    canary.machine === undefined ? 'the first of rollout.order' : sheet.place(['rollout', 'canary', 'machine']),
  );
  return {
    order: [...new Set(order)],
    canary: {
      machine,
      services: [...canary.services],
      soakMs: sheet.said('rollout.canary.soak', canary.soak, ['rollout', 'canary', 'soak'], DEFAULTS.soakMs),
    },
    machinesAtOnce: said('machines-at-once', rollout['machines-at-once'], DEFAULTS.machinesAtOnce),
    servicesAtOnce: said('services-at-once', rollout['services-at-once'], DEFAULTS.servicesAtOnce),
    onFailure: said('on-failure', rollout['on-failure'], DEFAULTS.onFailure),
    keepReleases: said('keep-releases', rollout['keep-releases'], DEFAULTS.keepReleases),
  };
}

function machineOf(sheet: Sheet, name: string, entry: MachineEntry): Machine {
  const said = <T>(key: string, written: T | undefined, path: YamlPath, fallback: T): T =>
    sheet.said(`machines.${name}.${key}`, written, ['machines', name, ...path], fallback);
  const profile = profileOf(sheet, name, entry);
  if (entry.address !== undefined) said('address', entry.address, ['address'], '');
  return {
    name,
    compose: said('compose', entry.compose, ['compose'], ''),
    directory: said('directory', entry.directory, ['directory'], ''),
    engine: said('engine', entry.engine, ['engine'], DEFAULTS.engine),
    runsOn: [...said('runsOn', entry['runs-on'], ['runs-on'], ['self-hosted', name])],
    ...(profile === undefined ? {} : { profile }),
    reach: [...said<readonly string[]>('reach', entry.reach, ['reach'], [])],
    ...(entry.address === undefined ? {} : { address: entry.address }),
    offline: said('offline', entry.offline, ['offline'], DEFAULTS.offline),
    keepFreeBytes: said('keepFreeBytes', entry.disk?.['keep-free'], ['disk', 'keep-free'], DEFAULTS.keepFreeBytes),
  };
}

function profileOf(sheet: Sheet, name: string, entry: MachineEntry): string | undefined {
  const usual = `config/machine-profiles/${name}.json`;
  const there = (path: string): boolean => sheet.reading.repository.files.includes(path);
  if (entry.profile === undefined)
    return there(usual) ? sheet.from(`machines.${name}.profile`, usual, 'default') : undefined;
  const at = sheet.place(['machines', name, 'profile']);
  if (!there(entry.profile)) {
    sheet.complain('RC007', at, {
      message: `there is no machine profile ${entry.profile}`,
      expected: `the profile of ${name}`,
      got: 'no such file',
      cure: 'mend the path, or add the file',
    });
  }
  return sheet.from(`machines.${name}.profile`, entry.profile, at);
}

function checkMachine(sheet: Sheet, name: string, path: YamlPath): void {
  const known = Object.keys(sheet.reading.rollout.machines);
  if (known.includes(name)) return;
  const guess = didYouMean(name, known);
  const service = path[0] === 'services' ? ` (service ${String(path[1])})` : '';
  sheet.complain('RC004', sheet.reading.yaml.at(path), {
    message: `${name} is not a machine of this file${service}`,
    expected: known.join(' or '),
    got: name,
    cure: guess === undefined ? `add it under machines:, or name one that is there` : `did you mean ${guess}?`,
  });
}

function complainOfOrder(sheet: Sheet, name: string): void {
  sheet.complain('RC004', sheet.place(['machines', name]), {
    message: `the machine ${name} is not in rollout.order`,
    expected: 'every machine, once, in the order in which they are cut over',
    got: sheet.reading.rollout.rollout.order.join(', '),
    cure: `add ${name} to rollout.order`,
  });
}
