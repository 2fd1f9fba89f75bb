// The schema of rollout.yml: every key an owner can write, its shape, and what it means.
import * as z from 'zod';
import { DURATION, parseDuration, parseSize, SIZE } from './measures.ts';

const text = z.string().min(1);
const duration = z
  .string()
  .regex(DURATION, 'expected a duration such as 250ms, 10s, 5m or 1m30s')
  .transform((value) => parseDuration(value) ?? 0)
  .describe('A duration: 250ms, 10s, 5m, 1m30s');
const size = z
  .string()
  .regex(SIZE, 'expected a size such as 512MiB or 40GiB')
  .transform((value) => parseSize(value) ?? 0)
  .describe('A size: 512MiB, 40GiB, 40GB');
const port = z.int().min(1).max(65_535);
const name = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'expected letters, digits, _ . and -');
const relativePath = text
  .regex(/^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))/, 'expected a path inside the repository, relative to its root')
  .describe('A path relative to the root of the repository');

const healthFields = {
  path: z.string().startsWith('/').optional().describe('Path that answers 200 when the service is healthy'),
  exactly: z.record(z.string(), z.json()).optional().describe('The answer must be this JSON, no key more or less'),
  'min-healthy-time': duration.optional().describe('How long it must stay healthy without one failure'),
  'healthy-deadline': duration.optional().describe('How long it may take to become healthy'),
};

const buildSchema = z.strictObject({
  dockerfile: relativePath.optional(),
  context: relativePath.optional(),
  args: z.record(z.string(), z.string()).optional().describe('Build arguments'),
});

const supervisorPin = z.strictObject({
  pin: text.describe('File on the host that holds the variable'),
  variable: name,
  apply: z.array(text).min(1).describe('Command that makes the supervisor read the file'),
});

const machineSchema = z.strictObject({
  compose: relativePath.describe('The compose file of this machine'),
  directory: z.string().startsWith('/').describe("The project's folder on the host, never a checkout"),
  engine: z.enum(['compose', 'supervisor']).optional(),
  supervisor: supervisorPin.optional(),
  'runs-on': z.array(text).min(1).optional().describe("Labels of the machine's runner"),
  profile: relativePath.optional().describe('The machine profile baked into its images'),
  gpu: z.record(z.string(), z.json()).optional().describe('Facts about its GPU'),
  reach: z.array(text).optional().describe('Command prefix by which a terminal reaches the host: [ssh, pc2]'),
  address: text.optional().describe('Where its published ports answer for a prober outside'),
  offline: z.enum(['fail', 'wait', 'skip']).optional(),
  disk: z.strictObject({ 'keep-free': size.optional() }).optional(),
});

const serviceSchema = z.strictObject({
  machines: z.array(name).min(1).optional().describe('Machines it runs on; else every machine whose compose has it'),
  build: buildSchema.optional(),
  lock: relativePath.optional().describe('Its hash-locked requirements'),
  after: z.array(name).optional().describe('Services that must be up before it'),
  health: z
    .strictObject({ ...healthFields, port: port.optional() })
    .optional()
    .describe('How its health is asked'),
  strategy: z.enum(['auto', 'start-first', 'stop-first', 'supervisor']).optional(),
  vram: size.optional().describe('GPU memory it needs'),
  hold: duration.optional().describe('How long requests may be held through a stop-first gap'),
  drain: duration.optional().describe('How long the old one may finish its requests'),
  before: z
    .strictObject({ run: z.array(text).min(1), reversible: z.boolean() })
    .optional()
    .describe('A command run once from the new image before it starts'),
});

const canarySchema = z.strictObject({
  machine: name.optional().describe('Else the first machine of the order'),
  services: z.array(name).min(1),
  soak: duration.optional().describe('How long the canary is watched before the rest follows'),
});

export const rolloutFileSchema = z.strictObject({
  version: z.literal(1),
  registry: text.describe('Images are <registry>/<name>'),
  tag: text.optional().describe('Template of the tag with {date} and {sha}'),
  machines: z.record(name, machineSchema).refine((all) => Object.keys(all).length > 0, 'expected at least one machine'),
  images: z
    .record(name, buildSchema.extend({ lock: relativePath.optional() }))
    .optional()
    .describe('Images whose Dockerfile lies in an odd place'),
  build: z
    .strictObject({
      on: z
        .union([text, z.array(text).min(1)])
        .optional()
        .describe('Runner that builds'),
      secrets: z.array(name).optional().describe('Ids of build secrets, read from the environment'),
    })
    .optional(),
  health: z.strictObject(healthFields).optional().describe('Defaults for every service'),
  services: z.record(name, serviceSchema).optional(),
  supervisors: z.array(z.strictObject({ container: name, during: z.enum(['stop', 'observe']).optional() })).optional(),
  rollout: z.strictObject({
    order: z.array(name).min(1).describe('Machines, the first one first'),
    canary: canarySchema,
    'machines-at-once': z.int().min(1).optional(),
    'services-at-once': z.int().min(1).optional(),
    'on-failure': z.enum(['rollback', 'halt']).optional(),
    'keep-releases': z.int().min(0).optional(),
  }),
});
export type RolloutFile = Readonly<z.output<typeof rolloutFileSchema>>;
export type MachineEntry = Readonly<z.output<typeof machineSchema>>;

/** What holds when rollout.yml and the repository say nothing; in one place. */
export const DEFAULTS = {
  tag: '{date}-{sha}',
  engine: 'compose',
  offline: 'fail',
  keepFreeBytes: 10 * 2 ** 30,
  healthPath: '/health',
  healthExactly: { status: 'ok' },
  minHealthyTimeMs: 10_000,
  healthyDeadlineMs: 60_000,
  gpuHealthyDeadlineMs: 300_000,
  stopGraceMs: 10_000,
  soakMs: 300_000,
  machinesAtOnce: 1,
  servicesAtOnce: 4,
  onFailure: 'rollback',
  keepReleases: 2,
  supervisorDuring: 'stop',
} as const;

/** The JSON Schema of rollout.yml, for editors. */
export function rolloutJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(rolloutFileSchema, { io: 'input' }),
    $id: 'rollout.schema.json',
    title: 'rollout.yml',
    description: 'What only the owner of a fleet knows: machines, registry, and the order of a rollout',
  };
}
