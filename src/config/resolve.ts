// rollout.yml and the repository in, the whole configuration out: every value with its source, or every finding.
import { join } from 'node:path';
import type { Finding } from '../documents/findings.ts';
import type { Config } from '../documents/fleet.ts';
import type { World } from '../world/world.ts';
import { parseCompose, type ComposeFile } from './compose.ts';
import { deriveImages, type Registry } from './images.ts';
import { deriveMachines, deriveRollout } from './machines.ts';
import { derivePlacements } from './placements.ts';
import { isDockerfile, readDockerfiles, readRepository } from './repository.ts';
import { parseRolloutFile } from './rollout-file.ts';
import { complain } from './complain.ts';
import { DEFAULTS, type RolloutFile } from './schema.ts';
import { deriveServices } from './services.ts';
import { Sheet } from './sheet.ts';
import type { YamlFile } from './yaml-file.ts';

export interface ResolveOptions {
  /** The repository. */
  readonly root: string;
  /** rollout.yml, relative to the root. */
  readonly file: string;
  /** Push there instead; names in the repository's files stay what they are. */
  readonly registry?: string | undefined;
}

export type Resolved =
  | { readonly kind: 'resolved'; readonly config: Config; readonly findings: readonly Finding[] }
  | { readonly kind: 'broken'; readonly findings: readonly Finding[] };

/** Reads and derives the configuration. Findings that are no errors come along with a resolved one. */
export async function resolveConfig(world: World, options: ResolveOptions): Promise<Resolved> {
  const { root, file } = options;
  const text = await world.files.readText(join(root, file));
  if (text === undefined) return { kind: 'broken', findings: [noRolloutFile(file)] };
  const parsed = parseRolloutFile(text, file);
  if (parsed.kind === 'broken') return parsed;
  const { rollout, yaml } = parsed;
  const repository = await readRepository(world, root);
  const { composes, findings } = await readComposes(world, root, rollout, yaml);
  const paths = [...repository.files.filter(isDockerfile), ...dockerfilesSaid(rollout, composes)];
  const dockerfiles = await readDockerfiles(world, root, paths);
  const sheet = new Sheet({ rollout, yaml, repository, composes, dockerfiles });
  sheet.findings.push(...findings);
  const config = derive(sheet, options.registry);
  const broken = sheet.findings.some(({ severity }) => severity === 'error');
  return broken ? { kind: 'broken', findings: sheet.findings } : { kind: 'resolved', config, findings: sheet.findings };
}

function derive(sheet: Sheet, override: string | undefined): Config {
  const { rollout } = sheet.reading;
  const registry = deriveRegistry(sheet, override);
  const tag = sheet.said('tag', rollout.tag, ['tag'], DEFAULTS.tag);
  const machines = deriveMachines(sheet);
  const running = deriveServices(sheet, registry);
  const images = deriveImages(sheet, running, registry);
  const placements = derivePlacements(sheet, running, images);
  const order = deriveRollout(sheet);
  complainOfTheUnused(sheet);
  sheet.said('buildSecrets', rollout.build?.secrets, ['build', 'secrets'], []);
  return {
    schema: 'rollout/config',
    version: 1,
    registry: registry.pushed,
    tag,
    machines: [...machines],
    images: [...images],
    placements: [...placements],
    supervisors: (rollout.supervisors ?? []).map(({ container, during }, index) => ({
      container,
      during: sheet.said(`supervisors.${index}.during`, during, ['supervisors', index], DEFAULTS.supervisorDuring),
    })),
    rollout: order,
    buildSecrets: [...(rollout.build?.secrets ?? [])],
    sources: Object.fromEntries([...sheet.sources].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function deriveRegistry(sheet: Sheet, override: string | undefined): Registry {
  const asWritten = sheet.reading.rollout.registry.replace(/\/+$/, '');
  const written = asWritten.toLowerCase();
  const at = sheet.place(['registry']);
  if (asWritten !== written) {
    sheet.complain('RC012', at, {
      message: 'the registry is written in lower case, as registries want it',
      expected: written,
      got: asWritten,
      cure: `write registry: ${written}`,
    });
  }
  const pushed = override?.replace(/\/+$/, '').toLowerCase() ?? written;
  if (override === undefined) sheet.from('registry', written, at);
  else sheet.from('registry', pushed, '--registry');
  return { written, pushed };
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

interface Composes {
  readonly composes: ReadonlyMap<string, ComposeFile>;
  readonly findings: readonly Finding[];
}

async function readComposes(world: World, root: string, rollout: RolloutFile, yaml: YamlFile): Promise<Composes> {
  const read = await Promise.all(
    Object.entries(rollout.machines).map(async ([machine, { compose }]) => {
      const text = await world.files.readText(join(root, compose));
      return { machine, compose, parsed: text === undefined ? undefined : parseCompose(text, compose) };
    }),
  );
  const missing = read.filter(({ parsed }) => parsed === undefined);
  // Two machines may share one compose file: its findings are told once.
  const byFile = new Map(read.flatMap(({ compose, parsed }) => (parsed === undefined ? [] : [[compose, parsed]])));
  return {
    composes: new Map(read.flatMap(({ machine, parsed }) => (parsed === undefined ? [] : [[machine, parsed]]))),
    findings: [
      ...missing.map(({ machine, compose }) => noCompose(machine, compose, yaml)),
      ...[...byFile.values()].flatMap((parsed) => parsed.findings),
    ],
  };
}

function dockerfilesSaid(rollout: RolloutFile, composes: ReadonlyMap<string, ComposeFile>): readonly string[] {
  const inFile = [
    ...Object.values(rollout.images ?? {}),
    ...Object.values(rollout.services ?? {}).map(({ build }) => build),
  ];
  const inCompose = [...composes.values()].flatMap(({ file, services }) =>
    services.flatMap(({ build }) =>
      build === undefined ? [] : [join(file, '..', build.context, build.dockerfile ?? 'Dockerfile')],
    ),
  );
  return [...inFile.flatMap((build) => build?.dockerfile ?? []), ...inCompose];
}

function noRolloutFile(file: string): Finding {
  return complain(
    'RC007',
    { file, line: 1, column: 1 },
    {
      message: `there is no ${file}`,
      expected: 'the file that describes the fleet',
      got: 'no such file',
      cure: 'write it (docs/configuration.md has the smallest one), or name another with --config',
    },
  );
}

function noCompose(machine: string, compose: string, yaml: YamlFile): Finding {
  return complain('RC007', yaml.at(['machines', machine, 'compose']), {
    message: `there is no compose file ${compose}`,
    expected: `the compose file of ${machine}`,
    got: 'no such file',
    cure: 'mend the path; it is relative to the root of the repository',
  });
}
