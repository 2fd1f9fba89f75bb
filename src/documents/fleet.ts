// The fleet as resolved from rollout.yml and the repository: machines, images, services and the order of a rollout.
import * as z from 'zod';
import { textMap } from './document.ts';

export const healthSchema = z.strictObject({
  path: z.string().startsWith('/'),
  /** The parsed body must equal this, no key more or less. */
  exactly: z.record(z.string(), z.json()),
  /** Port inside the container that answers `path`; absent for a service without HTTP. */
  port: z.int().positive().optional(),
  minHealthyTimeMs: z.int().nonnegative(),
  healthyDeadlineMs: z.int().positive(),
});
export type Health = Readonly<z.infer<typeof healthSchema>>;

export const portSchema = z.strictObject({
  /** Port on the machine; absent when only exposed to other containers. */
  host: z.int().positive().optional(),
  container: z.int().positive(),
  protocol: z.enum(['tcp', 'udp']),
  /** Address on the machine it is bound to; absent means all. */
  address: z.string().optional(),
});
export type Port = Readonly<z.infer<typeof portSchema>>;

export const mountSchema = z.strictObject({
  source: z.string(),
  target: z.string(),
  readOnly: z.boolean(),
  /** repository: a file of the repository that travels in the release; host: lives in the project folder; volume: named. */
  kind: z.enum(['repository', 'host', 'volume']),
});

export const strategySchema = z.enum(['auto', 'start-first', 'stop-first', 'supervisor']);

/** One service on one machine, all that the host must know to cut it over. */
export const placementSchema = z.strictObject({
  service: z.string(),
  machine: z.string(),
  /** Name of the image it runs; the target is found in the release by image and machine. */
  image: z.string(),
  composeService: z.string(),
  /** Published and exposed ports. */
  ports: z.array(portSchema).readonly(),
  gpu: z.boolean(),
  devices: z.array(z.string()).readonly(),
  networkMode: z.string().optional(),
  containerName: z.string().optional(),
  environmentFiles: z.array(z.string()).readonly(),
  mounts: z.array(mountSchema).readonly(),
  /** Services on the same machine that must be up before (depends_on, after). */
  after: z.array(z.string()).readonly(),
  stopGraceMs: z.int().nonnegative(),
  strategy: strategySchema,
  /** Why this strategy, for the report. */
  strategyReason: z.string(),
  health: healthSchema,
});
export type Placement = Readonly<z.infer<typeof placementSchema>>;

export const machineSchema = z.strictObject({
  name: z.string(),
  /** Relative to the repository. */
  compose: z.string(),
  /** The project's folder on the host. */
  directory: z.string(),
  engine: z.enum(['compose', 'supervisor']),
  runsOn: z.array(z.string()).readonly(),
  profile: z.string().optional(),
  /** Command prefix by which a terminal reaches the host; empty: this machine. */
  reach: z.array(z.string()).readonly(),
  /** Where the machine's published ports answer, for the prober outside. */
  address: z.string().optional(),
  offline: z.enum(['fail', 'wait', 'skip']),
  keepFreeBytes: z.int().nonnegative(),
});
export type Machine = Readonly<z.infer<typeof machineSchema>>;

export const supervisorSchema = z.strictObject({ container: z.string(), during: z.enum(['stop', 'observe']) });
export type Supervisor = Readonly<z.infer<typeof supervisorSchema>>;

export const waveSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['canary', 'batch']),
  machine: z.string(),
  /** In the order in which they start; independent ones may go together. */
  services: z.array(z.string()).readonly(),
  /** Milliseconds to watch after the wave before the next one begins. */
  soakMs: z.int().nonnegative(),
});
export type Wave = Readonly<z.infer<typeof waveSchema>>;

/** A file of the repository that the hosts need: compose and mounted configuration. */
export const travelFileSchema = z.strictObject({
  machine: z.string(),
  /** Relative to the project folder. */
  path: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  contentBase64: z.string(),
});
export type TravelFile = Readonly<z.infer<typeof travelFileSchema>>;

/** What a rollout does once the images exist; the same in Plan and Release. */
export const deploymentSchema = z.strictObject({
  machines: z.array(machineSchema).readonly(),
  placements: z.array(placementSchema).readonly(),
  supervisors: z.array(supervisorSchema).readonly(),
  waves: z.array(waveSchema).readonly(),
  servicesAtOnce: z.int().positive(),
  machinesAtOnce: z.int().positive(),
  onFailure: z.enum(['rollback', 'halt']),
  keepReleases: z.int().nonnegative(),
  files: z.array(travelFileSchema).readonly(),
});
export type Deployment = Readonly<z.infer<typeof deploymentSchema>>;

/** One image of the repository: a base family or a service's image. */
export const imageSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['family', 'service']),
  /** `ghcr.io/acme/fleet/base-python`: registry and name, no tag. */
  repository: z.string(),
  /** Relative to the repository's root. */
  dockerfile: z.string(),
  context: z.string(),
  arguments: textMap,
  /** Images of this repository it is built on, with the very text its FROM resolves to. */
  parents: z.array(z.strictObject({ image: z.string(), from: z.string() })).readonly(),
  /** Outside images, as its FROM and COPY --from resolve to. */
  bases: z.array(z.string()).readonly(),
  /** Reaches ARG MACHINE, itself or a parent: one variant per machine; else built once for all. */
  perMachine: z.boolean(),
  /** Machines that need it. */
  machines: z.array(z.string()).readonly(),
  lock: z.string().optional(),
});
export type Image = Readonly<z.infer<typeof imageSchema>>;

export const rolloutSchema = z.strictObject({
  order: z.array(z.string()).readonly(),
  canary: z.strictObject({
    machine: z.string(),
    services: z.array(z.string()).readonly(),
    soakMs: z.int().nonnegative(),
  }),
  machinesAtOnce: z.int().positive(),
  servicesAtOnce: z.int().positive(),
  onFailure: z.enum(['rollback', 'halt']),
  keepReleases: z.int().nonnegative(),
});

/** A compose service of a machine that no rollout touches. */
export const leftAloneSchema = z.strictObject({
  machine: z.string(),
  service: z.string(),
  /** As far as it can be known without the host. */
  image: z.string().optional(),
  /** Services of the fleet on this machine that depend on it and can not start without it. */
  neededBy: z.array(z.string()).readonly(),
});
export type LeftAlone = Readonly<z.infer<typeof leftAloneSchema>>;

/** rollout.yml with everything derived, and the source of every value. */
export const configSchema = z.strictObject({
  schema: z.literal('rollout/config'),
  version: z.literal(1),
  /** `ghcr.io/acme/fleet`. */
  registry: z.string(),
  /** Template with {date} and {sha}. */
  tag: z.string(),
  machines: z.array(machineSchema).readonly(),
  images: z.array(imageSchema).readonly(),
  placements: z.array(placementSchema).readonly(),
  leftAlone: z.array(leftAloneSchema).readonly().optional(),
  supervisors: z.array(supervisorSchema).readonly(),
  rollout: rolloutSchema,
  /** Names of build secrets, never their values. */
  buildSecrets: z.array(z.string()).readonly(),
  /** Where each value comes from: `machines.mainpc.runsOn` → `default`, `rollout.yml:9`, `compose.mainpc.yml:41`. */
  sources: textMap,
});
export type Config = Readonly<z.infer<typeof configSchema>>;
