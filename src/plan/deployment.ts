// How the hosts will move: the waves, and the files of the repository that travel to each machine.
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { planWaves } from '../config/waves.ts';
import type { Config, Deployment, Machine, TravelFile, Wave } from '../documents/fleet.ts';

/** A file of the repository a machine needs: where it is here, and where it goes in the project folder. */
export interface Traveller {
  readonly machine: string;
  /** In the repository. */
  readonly from: string;
  /** In the project folder. */
  readonly path: string;
}

/** The compose file of each machine and the files its services mount from the repository. */
export function travellers(config: Config, tracked: readonly string[]): readonly Traveller[] {
  return config.machines.flatMap((machine) => {
    const folder = posix.dirname(machine.compose);
    const sources = config.placements
      .filter((one) => one.machine === machine.name)
      .flatMap(({ mounts }) => mounts.filter(({ kind }) => kind === 'repository').map(({ source }) => source));
    const files = [...new Set(sources)].flatMap((source) => filesOf(source, folder, tracked));
    const all = [{ from: machine.compose, path: posix.basename(machine.compose) }, ...files];
    const distinct = new Map(all.map((file) => [file.path, { machine: machine.name, ...file }]));
    return [...distinct.values()];
  });
}

export function travelFile({ machine, path }: Traveller, bytes: Uint8Array): TravelFile {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { machine, path, sha256, contentBase64: Buffer.from(bytes).toString('base64') };
}

export function planDeployment(config: Config, files: readonly TravelFile[]): Deployment {
  const { machinesAtOnce, servicesAtOnce, onFailure, keepReleases } = config.rollout;
  return {
    machines: config.machines,
    placements: config.placements,
    supervisors: config.supervisors,
    waves: [...planWaves(config)],
    ...{ machinesAtOnce, servicesAtOnce, onFailure, keepReleases },
    files: [...files],
  };
}

/** Rows for workflows: what is built where, and each wave as a job. */
export function matrices(plan: {
  readonly build: readonly { readonly name: string; readonly image: string; readonly machine?: string | undefined }[];
  readonly deployment: { readonly machines: readonly Machine[]; readonly waves: readonly Wave[] };
}): unknown {
  const { machines, waves } = plan.deployment;
  return {
    build: {
      include: plan.build.map(({ name, image, machine }) => ({ target: name, image, machine: machine ?? null })),
    },
    cutover: {
      include: waves.map(({ name, machine, services }) => ({
        machine,
        runs_on: machines.find((one) => one.name === machine)?.runsOn ?? ['self-hosted', machine],
        services: services.join(','),
        wave: name,
      })),
    },
  };
}

function filesOf(
  source: string,
  folder: string,
  tracked: readonly string[],
): readonly { readonly from: string; readonly path: string }[] {
  const inRepository = posix.normalize(posix.join(folder, source));
  return tracked
    .filter((path) => path === inRepository || path.startsWith(`${inRepository}/`))
    .map((from) => ({ from, path: posix.relative(folder, from) }));
}
