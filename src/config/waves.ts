// The waves in which a fleet moves: the canary, the rest of its machine, then the other machines in order.
import type { Config, Wave } from '../documents/fleet.ts';

/** Canary services on the canary machine, the rest of that machine, then the other machines in order. */
export function planWaves({ placements, rollout }: Pick<Config, 'placements' | 'rollout'>): readonly Wave[] {
  const { order, canary } = rollout;
  const servicesOf = (machine: string): readonly string[] =>
    placements.filter((one) => one.machine === machine).map(({ service }) => service);
  const isCanary = (service: string): boolean => canary.services.includes(service);
  const there = servicesOf(canary.machine);
  const first: Wave = {
    name: `canary on ${canary.machine}`,
    kind: 'canary',
    machine: canary.machine,
    services: there.filter(isCanary),
    soakMs: canary.soakMs,
  };
  const batch = (machine: string, services: readonly string[], name: string): Wave => ({
    ...{ name, kind: 'batch', machine, services: [...services], soakMs: 0 },
  });
  const rest = batch(
    canary.machine,
    there.filter((service) => !isCanary(service)),
    `rest of ${canary.machine}`,
  );
  const others = order.filter((machine) => machine !== canary.machine);
  const waves = [first, rest, ...others.map((machine) => batch(machine, servicesOf(machine), machine))];
  return waves.filter(({ services }) => services.length > 0);
}
