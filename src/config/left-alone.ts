// The compose services that no rollout touches, and the services of the fleet that can not start without them.
import type { LeftAlone } from '../documents/fleet.ts';
import type { ComposeService } from './compose.ts';
import type { Running } from './images.ts';
import type { Sheet } from './sheet.ts';

/** Per machine in the order of the rollout. A dependency on one of them is a finding: nobody else would say who starts it. */
export function deriveLeftAlone(sheet: Sheet, running: readonly Running[]): readonly LeftAlone[] {
  return [...new Set(sheet.reading.rollout.rollout.order)].flatMap((machine) => {
    const here = running.filter((one) => one.machine === machine).map(({ service }) => service);
    const ours = new Set(here.map(({ name }) => name));
    const others = (sheet.reading.composes.get(machine)?.services ?? []).filter(({ name }) => !ours.has(name));
    return others.map((other) => {
      const needing = here.filter(({ requires }) => requires.includes(other.name));
      for (const service of needing) complainOfDependency(sheet, machine, service, other);
      const image = shownImage(other);
      return {
        ...{ machine, service: other.name, neededBy: needing.map(({ name }) => name) },
        ...(image === undefined ? {} : { image }),
      };
    });
  });
}

function complainOfDependency(sheet: Sheet, machine: string, service: ComposeService, other: ComposeService): void {
  const directory = sheet.reading.rollout.machines[machine]?.directory ?? '';
  sheet.complain('RC013', service.at('depends_on'), {
    message: `${service.name} depends on ${other.name}, which is not rolled out: nothing here starts it on ${machine}`,
    expected: `${other.name} running on ${machine} before ${service.name} starts`,
    got: `${other.name}: ${shownImage(other) ?? 'no image'}, not of this fleet`,
    cure: `start it on ${machine} yourself: docker compose up -d ${other.name} in ${directory}`,
  });
}

/** With its tag where the file says it: `python:3.11`. */
function shownImage({ image, imageName }: ComposeService): string | undefined {
  return image?.includes('$') === true ? imageName : image;
}
