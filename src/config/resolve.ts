// rollout.yml and the repository in, the whole configuration out: every value with its source, or every finding.
import type { Finding } from '../documents/findings.ts';
import type { Config } from '../documents/fleet.ts';
import type { World } from '../world/world.ts';
import { deriveBuildSecrets } from './build-secrets.ts';
import { deriveImages, type Registry } from './images.ts';
import { deriveLeftAlone } from './left-alone.ts';
import { deriveMachines, deriveRollout } from './machines.ts';
import { checkOrder } from './order.ts';
import { derivePlacements } from './placements.ts';
import { readAll } from './reading.ts';
import { deriveRegistry } from './registry.ts';
import { DEFAULTS } from './schema.ts';
import { deriveServices } from './services.ts';
import { Sheet } from './sheet.ts';

export interface ResolveOptions {
  /** The repository. */
  readonly root: string;
  /** rollout.yml, relative to the root. */
  readonly file: string;
  /** Push there instead; names in the repository's files stay what they are. */
  readonly registry?: string | undefined;
}

export type Resolved =
  | {
      readonly kind: 'resolved';
      readonly config: Config;
      /** Another than the configuration's where that one was given beside it. */
      readonly registryOfFile: string;
      readonly findings: readonly Finding[];
    }
  | { readonly kind: 'broken'; readonly findings: readonly Finding[] };

/** Reads and derives the configuration. Findings that are no errors come along with a resolved one. */
export async function resolveConfig(world: World, { root, file, registry }: ResolveOptions): Promise<Resolved> {
  const read = await readAll(world, root, file);
  if (read.kind === 'broken') return read;
  const sheet = new Sheet(read.reading);
  sheet.findings.push(...read.findings);
  const registries = deriveRegistry(sheet, registry);
  if (registries === undefined) return { kind: 'broken', findings: sheet.findings };
  const config = derive(sheet, registries);
  const broken = sheet.findings.some(({ severity }) => severity === 'error');
  return broken
    ? { kind: 'broken', findings: sheet.findings }
    : { kind: 'resolved', config, registryOfFile: registries.written, findings: sheet.findings };
}

function derive(sheet: Sheet, registry: Registry): Config {
  const { rollout } = sheet.reading;
  const tag = sheet.said('tag', rollout.tag, ['tag'], DEFAULTS.tag);
  const machines = deriveMachines(sheet);
  const running = deriveServices(sheet, registry);
  const images = deriveImages(sheet, running, registry);
  const placements = derivePlacements(sheet, running, images);
  const leftAlone = deriveLeftAlone(sheet, running);
  const order = deriveRollout(sheet);
  checkOrder(sheet, { placements, rollout: order });
  complainOfTheUnused(sheet);
  const buildSecrets = deriveBuildSecrets(sheet, images);
  return {
    schema: 'rollout/config',
    version: 1,
    registry: registry.pushed,
    tag,
    machines: [...machines],
    images: [...images],
    placements: [...placements],
    leftAlone: [...leftAlone],
    supervisors: (rollout.supervisors ?? []).map(({ container, during }, index) => ({
      container,
      during: sheet.said(`supervisors.${index}.during`, during, ['supervisors', index], DEFAULTS.supervisorDuring),
    })),
    rollout: order,
    buildSecrets: [...buildSecrets],
    sources: Object.fromEntries([...sheet.sources].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** Keys that are understood and not yet acted on: said aloud, since silence would be taken for obedience. */
function complainOfTheUnused(sheet: Sheet): void {
  const { rollout } = sheet.reading;
  const found: readonly (readonly string[])[] = [
    ...(rollout.build?.on === undefined ? [] : [['build', 'on']]),
    ...Object.entries(rollout.machines).flatMap(([name, machine]) =>
      (['gpu', 'supervisor'] as const).flatMap((key) => (machine[key] === undefined ? [] : [['machines', name, key]])),
    ),
    ...Object.entries(rollout.services ?? {}).flatMap(([name, service]) =>
      (['vram', 'hold', 'drain', 'before'] as const).flatMap((key) =>
        service[key] === undefined ? [] : [['services', name, key]],
      ),
    ),
  ];
  for (const path of found) {
    sheet.complain('RC012', sheet.place(path), {
      message: `${path.join('.')} is accepted and not acted on by this version`,
      cure: 'keep it for a later version, or take it away; nothing is done because of it now',
    });
  }
}
