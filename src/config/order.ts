// Whether the waves keep what `after` of a service says of services on other machines.
import type { Config, Wave } from '../documents/fleet.ts';
import type { Sheet } from './sheet.ts';
import { planWaves } from './waves.ts';

/** On its own machine a service is put after the others; across machines only the waves can keep the order. */
export function checkOrder(sheet: Sheet, config: Pick<Config, 'placements' | 'rollout'>): void {
  const waves = planWaves(config);
  for (const [service, { after = [] }] of Object.entries(sheet.reading.rollout.services ?? {})) {
    for (const [index, other] of after.entries()) {
      const path = ['services', service, 'after', index];
      for (const mine of wavesOf(waves, service)) checkPair(sheet, { path, service, other, mine, waves, config });
    }
  }
}

interface Pair {
  /** Where it is said. */
  readonly path: readonly (string | number)[];
  readonly service: string;
  readonly other: string;
  readonly mine: Wave;
  readonly waves: readonly Wave[];
  readonly config: Pick<Config, 'rollout'>;
}

function checkPair(sheet: Sheet, { path, service, other, mine, waves, config }: Pair): void {
  const theirs = wavesOf(waves, other);
  if (theirs.some(({ machine }) => machine === mine.machine)) return;
  const before = (wave: Wave): boolean => waves.indexOf(wave) < waves.indexOf(mine);
  // A canary goes alone; batches of two machines may move at the same time.
  const inTurn = (wave: Wave): boolean => wave.kind === 'canary' || config.rollout.machinesAtOnce === 1;
  const wrong = theirs.find((wave) => !before(wave) || !inTurn(wave));
  if (wrong === undefined) return;
  const late = !before(wrong);
  sheet.complain('RC003', sheet.reading.yaml.at(path), {
    message: `${service} on ${mine.machine} is to come after ${other}, which ${late ? 'moves later' : 'may move at the same time'}`,
    expected: `${other} in a wave before "${mine.name}"`,
    breaks: 'start',
    got: `${other} in "${wrong.name}"${late ? '' : `, and machines-at-once ${config.rollout.machinesAtOnce}`}`,
    cure: late
      ? `put ${wrong.machine} before ${mine.machine} in rollout.order, choose another canary, or take ${other} out of after`
      : `write machines-at-once: 1, make ${other} a canary, or take it out of after`,
  });
}

function wavesOf(waves: readonly Wave[], service: string): readonly Wave[] {
  return waves.filter(({ services }) => services.includes(service));
}
