// Which compose services are of the fleet: those whose image lies under the registry, and on which machines they run.
import { showPosition, type Complaint } from './complain.ts';
import type { ComposeService } from './compose.ts';
import { nameUnder, type Registry, type Running } from './images.ts';
import { didYouMean } from './nearest.ts';
import type { Sheet } from './sheet.ts';
import { interpolate, TOO_DEEP_CURE } from './variables.ts';
import type { YamlPath } from './yaml-file.ts';

/** Every service of the fleet on every machine; names that fit nothing become findings. */
export function deriveServices(sheet: Sheet, registry: Registry): readonly Running[] {
  const offered = [...sheet.reading.composes].flatMap(([machine, compose]) =>
    compose.services.flatMap((service) => runningOf(sheet, machine, service, registry)),
  );
  checkNames(sheet, offered, registry);
  checkMachines(sheet, offered, registry);
  return offered.filter(({ machine, service }) => {
    const wanted = sheet.reading.rollout.services?.[service.name]?.machines;
    return wanted === undefined || wanted.includes(machine);
  });
}

function runningOf(sheet: Sheet, machine: string, service: ComposeService, registry: Registry): readonly Running[] {
  if (service.image === undefined) {
    tellUnmanaged(sheet, service, registry);
    return [];
  }
  if (service.imageName === undefined) {
    sheet.complain('RC010', service.at('image'), {
      message: `the image of ${service.name} can not be known here`,
      expected: `a name without variables, or with defaults: \${REGISTRY:-${registry.written}}/${service.name}`,
      got: service.image,
      cure: interpolate(service.image).tooDeep
        ? TOO_DEEP_CURE
        : 'give every variable before the tag a default; variables in the tag are fine',
    });
    return [];
  }
  const image = nameUnder(registry.written, service.imageName);
  if (image !== undefined) return [{ image, machine, service }];
  tellUnmanaged(sheet, service, registry);
  return [];
}

/** A service that is built here but named elsewhere would silently stay behind at every rollout. */
function tellUnmanaged(sheet: Sheet, service: ComposeService, registry: Registry): void {
  if (service.build === undefined) return;
  sheet.complain('RC012', service.at('build'), {
    message: `${service.name} is built here, but its image is not under the registry: it is not rolled out`,
    expected: `image: ${registry.written}/${service.name}:…`,
    got: service.image ?? 'no image',
    cure: `give it an image under ${registry.written}, or take build away if it is not of this fleet`,
  });
}

/** Services named in rollout.yml must be services of the fleet, the canary's on the canary's machine. */
function checkNames(sheet: Sheet, offered: readonly Running[], registry: Registry): void {
  const { services, rollout } = sheet.reading.rollout;
  const all = new Set(offered.map(({ service }) => service.name));
  const check = (name: string, path: YamlPath, known: ReadonlySet<string>, where: string): void => {
    if (known.has(name)) return;
    const guess = didYouMean(name, known);
    const last = path.at(-1);
    const at = last === name ? sheet.place(path) : sheet.reading.yaml.at(path);
    const elsewhere = outsideRegistry(sheet, name, all);
    if (elsewhere !== undefined) {
      sheet.complain('RC008', at, notUnder(elsewhere, registry));
      return;
    }
    sheet.complain('RC008', at, {
      message: `${name} is not a service ${where}`,
      expected:
        known.size === 0 ? `a compose service whose image lies under ${registry.written}` : [...known].join(', '),
      got: name,
      cure: guess === undefined ? 'name a service of the compose files, or add it there' : `did you mean ${guess}?`,
    });
  };
  for (const [name, entry] of Object.entries(services ?? {})) {
    check(name, ['services', name], all, 'of the fleet');
    entry.after?.forEach((other, index) => check(other, ['services', name, 'after', index], all, 'of the fleet'));
  }
  const canary = rollout.canary.machine ?? rollout.order[0];
  const there = new Set(offered.filter(({ machine }) => machine === canary).map(({ service }) => service.name));
  if (!sheet.reading.composes.has(canary ?? '')) return;
  rollout.canary.services.forEach((name, index) =>
    check(name, ['rollout', 'canary', 'services', index], there, `on the canary machine ${canary}`),
  );
}

/** A service of a compose file that is left out only because its image lies elsewhere. */
function outsideRegistry(sheet: Sheet, name: string, fleet: ReadonlySet<string>): ComposeService | undefined {
  const composed = [...sheet.reading.composes.values()].flatMap(({ services }) => services);
  return fleet.has(name) ? undefined : composed.find((service) => service.name === name);
}

function notUnder(service: ComposeService, registry: Registry): Complaint {
  return {
    message: `${service.name} is in ${service.at().file}, but its image is not under the registry`,
    expected: `an image under ${registry.written}`,
    got: imageShown(service),
    cure: `make registry in rollout.yml and the image at ${showPosition(service.at('image'))} agree`,
  };
}

/** As far as it can be known here, without the tag. */
function imageShown(service: ComposeService): string {
  return service.imageName ?? service.image ?? 'no image';
}

function checkMachines(sheet: Sheet, offered: readonly Running[], registry: Registry): void {
  for (const [machine, compose] of sheet.reading.composes) {
    checkDependencies(sheet, compose.services);
    if (offered.some((one) => one.machine === machine)) continue;
    sheet.complain('RC008', sheet.reading.yaml.at(['machines', machine, 'compose']), {
      message: `${machine} has no service of the fleet`,
      expected: `a service in ${compose.file} whose image lies under ${registry.written}`,
      got: compose.services.map((service) => `${service.name}: ${imageShown(service)}`).join(', '),
      cure: 'make registry and the images agree, or take the machine away',
    });
  }
  for (const [name, entry] of Object.entries(sheet.reading.rollout.services ?? {})) {
    entry.machines?.forEach((machine, index) => {
      const compose = sheet.reading.composes.get(machine);
      const runs = offered.some((one) => one.machine === machine && one.service.name === name);
      if (compose === undefined || runs) return;
      sheet.complain('RC008', sheet.reading.yaml.at(['services', name, 'machines', index]), {
        message: `${name} is to run on ${machine}, whose compose file does not have it`,
        expected: `${name} in ${compose.file}`,
        got: compose.services.map((service) => service.name).join(', '),
        cure: `add it to ${compose.file}, or take ${machine} away here`,
      });
    });
  }
}

/** Compose refuses a project in which a service depends on one that is not there; so the host would, after the canary. */
function checkDependencies(sheet: Sheet, services: readonly ComposeService[]): void {
  const names = new Set(services.map((service) => service.name));
  for (const service of services) {
    for (const name of service.requires.filter((one) => !names.has(one))) {
      const guess = didYouMean(name, names);
      sheet.complain('RC008', service.at('depends_on'), {
        message: `${service.name} depends on ${name}, which this compose file does not have`,
        expected: [...names].join(', '),
        got: name,
        breaks: 'start',
        cure: guess === undefined ? 'add it to this file, or take it out of depends_on' : `did you mean ${guess}?`,
      });
    }
  }
}
