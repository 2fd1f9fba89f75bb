// The schema of rollout.yml: every key an owner can write, its shape, and what it means.
import * as z from 'zod';
import { DURATION, parseDuration, parseSize, SIZE } from './measures.ts';

const text = z.string().min(1);
/** A finding shows what stands behind `expected ` as what was expected. */
const words = (expected: string): { readonly error: string } => ({ error: `expected ${expected}` });
/** No control characters: paths and names are written into logs. */
const PATH = /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\p{Cc}\p{Zl}\p{Zp}]+$/u;
const HOST_PATH = /^\/[^\p{Cc}\p{Zl}\p{Zp}]*$/u;

const DURATION_WORDS = words('a duration such as 250ms, 10s, 5m or 1m30s');
const SIZE_WORDS = words('a size such as 512MiB or 40GiB');
const PATH_WORDS = words('a path inside the repository, relative to its root');
const HOST_PATH_WORDS = words('a path on the host that starts with /');
const URL_PATH_WORDS = words('a path of a URL that starts with /');

const duration = z
  .string(DURATION_WORDS)
  .regex(DURATION, DURATION_WORDS)
  .transform((value) => parseDuration(value) ?? 0)
  .describe('A duration: 250ms, 10s, 5m, 1m30s');
const size = z
  .string(SIZE_WORDS)
  .regex(SIZE, SIZE_WORDS)
  .transform((value) => parseSize(value) ?? 0)
  .describe('A size: 512MiB, 40GiB, 40GB');
const port = z.int().min(1).max(65_535);
const name = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, words('letters, digits, _ . and -, a letter or digit first'));
const relativePath = z
  .string(PATH_WORDS)
  .regex(PATH, PATH_WORDS)
  .describe('A path relative to the root of the repository');

const healthFields = {
  path: z
    .string(URL_PATH_WORDS)
    .regex(HOST_PATH, URL_PATH_WORDS)
    .optional()
    .meta({ description: 'Path that answers 200 when the service is healthy', examples: ['/health'] }),
  exactly: z
    .record(z.string(), z.json())
    .optional()
    .meta({ description: 'The answer must be this JSON, no key more or less', examples: [{ status: 'ok' }] }),
  'min-healthy-time': duration
    .optional()
    .meta({ description: 'How long it must stay healthy without one failure', examples: ['10s'] }),
  'healthy-deadline': duration
    .optional()
    .meta({ description: 'How long it may take to become healthy', examples: ['60s'] }),
};

const buildFields = {
  dockerfile: relativePath.optional().meta({ examples: ['brain/Dockerfile'] }),
  context: relativePath.optional().meta({ examples: ['.'] }),
  args: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: 'Build arguments', examples: [{ VARIANT: 'slim' }] }),
};
const lock = relativePath
  .optional()
  .meta({ description: 'Its hash-locked requirements', examples: ['brain/requirements.lock'] });
const build = z.strictObject(buildFields).optional();

const supervisorPin = z.strictObject({
  pin: text.meta({ description: 'File on the host that holds the variable', examples: ['/etc/fleet/rollout.env'] }),
  variable: name.meta({ examples: ['FORCE_IMAGE_TAG'] }),
  apply: z
    .array(text)
    .min(1)
    .meta({
      description: 'Command that makes the supervisor read the file',
      examples: [['sudo', '-n', 'systemctl', 'restart', 'fleet']],
    }),
});

const machineSchema = z.strictObject({
  compose: relativePath.meta({ description: 'The compose file of this machine', examples: ['compose.mainpc.yml'] }),
  directory: z
    .string(HOST_PATH_WORDS)
    .regex(HOST_PATH, HOST_PATH_WORDS)
    .meta({ description: "The project's folder on the host, never a checkout", examples: ['/srv/fleet'] }),
  engine: z
    .enum(['compose', 'supervisor'])
    .optional()
    .meta({ examples: ['compose'] }),
  supervisor: supervisorPin.optional().meta({
    examples: [{ pin: '/etc/fleet/rollout.env', variable: 'FORCE_IMAGE_TAG', apply: ['restart-fleet'] }],
  }),
  'runs-on': z
    .array(text)
    .min(1)
    .optional()
    .meta({ description: "Labels of the machine's runner", examples: [['self-hosted', 'pc2']] }),
  profile: relativePath.optional().meta({
    description: 'The machine profile baked into its images',
    examples: ['config/machine-profiles/pc2.json'],
  }),
  gpu: z
    .record(z.string(), z.json())
    .optional()
    .meta({ description: 'Facts about its GPU', examples: [{ vram: '24GiB' }] }),
  reach: z
    .array(text)
    .optional()
    .meta({
      description: 'Command prefix by which a terminal reaches the host: [ssh, pc2]',
      examples: [['ssh', 'pc2']],
    }),
  address: text
    .optional()
    .meta({ description: 'Where its published ports answer for a prober outside', examples: ['192.168.1.12'] }),
  offline: z
    .enum(['fail', 'wait', 'skip'])
    .optional()
    .meta({ examples: ['fail'] }),
  disk: z
    .strictObject({ 'keep-free': size.optional().meta({ examples: ['40GiB'] }) })
    .optional()
    .meta({ examples: [{ 'keep-free': '40GiB' }] }),
});

const serviceSchema = z.strictObject({
  machines: z
    .array(name)
    .min(1)
    .optional()
    .meta({ description: 'Machines it runs on; else every machine whose compose has it', examples: [['mainpc']] }),
  build: build.meta({ examples: [{ dockerfile: 'brain/Dockerfile' }] }),
  lock,
  after: z
    .array(name)
    .optional()
    .meta({ description: 'Services that must be up before it', examples: [['central_error_bus']] }),
  health: z
    .strictObject({ ...healthFields, port: port.optional().meta({ examples: [8101] }) })
    .optional()
    .meta({ description: 'How its health is asked', examples: [{ port: 8101 }] }),
  strategy: z
    .enum(['auto', 'start-first', 'stop-first', 'supervisor'])
    .optional()
    .meta({ examples: ['auto'] }),
  vram: size.optional().meta({ description: 'GPU memory it needs', examples: ['10GiB'] }),
  hold: duration
    .optional()
    .meta({ description: 'How long requests may be held through a stop-first gap', examples: ['30s'] }),
  drain: duration.optional().meta({ description: 'How long the old one may finish its requests', examples: ['30s'] }),
  before: z
    .strictObject({
      run: z
        .array(text)
        .min(1)
        .meta({ examples: [['python', '-m', 'migrate']] }),
      reversible: z.boolean().meta({ examples: [false] }),
    })
    .optional()
    .meta({
      description: 'A command run once from the new image before it starts',
      examples: [{ run: ['python', '-m', 'migrate'], reversible: false }],
    }),
});

const canarySchema = z.strictObject({
  machine: name.optional().meta({ description: 'Else the first machine of the order', examples: ['mainpc'] }),
  services: z
    .array(name)
    .min(1)
    .meta({ examples: [['model_ops_coordinator']] }),
  soak: duration
    .optional()
    .meta({ description: 'How long the canary is watched before the rest follows', examples: ['5m'] }),
});

const rolloutSchema = z.strictObject({
  order: z
    .array(name)
    .min(1)
    .meta({ description: 'Machines, the first one first', examples: [['mainpc', 'pc2']] }),
  canary: canarySchema.meta({ examples: [{ services: ['model_ops_coordinator'], soak: '5m' }] }),
  'machines-at-once': z
    .int()
    .min(1)
    .optional()
    .meta({ examples: [1] }),
  'services-at-once': z
    .int()
    .min(1)
    .optional()
    .meta({ examples: [4] }),
  'on-failure': z
    .enum(['rollback', 'halt'])
    .optional()
    .meta({ examples: ['rollback'] }),
  'keep-releases': z
    .int()
    .min(0)
    .optional()
    .meta({ examples: [2] }),
});

const supervisorSchema = z.strictObject({
  container: name.meta({ examples: ['self_healing_supervisor'] }),
  during: z
    .enum(['stop', 'observe'])
    .optional()
    .meta({ examples: ['stop'] }),
});

export const rolloutFileSchema = z.strictObject({
  version: z.literal(1).meta({ examples: [1] }),
  registry: text.meta({ description: 'Images are <registry>/<name>', examples: ['ghcr.io/acme/fleet'] }),
  tag: text.optional().meta({ description: 'Template of the tag with {date} and {sha}', examples: ['{date}-{sha}'] }),
  machines: z
    .record(name, machineSchema)
    .refine((all) => Object.keys(all).length > 0, words('at least one machine'))
    .meta({ examples: [{ mainpc: { compose: 'compose.mainpc.yml', directory: '/srv/fleet' } }] }),
  images: z
    .record(name, z.strictObject({ ...buildFields, lock }))
    .optional()
    .meta({
      description: 'Images whose Dockerfile lies in an odd place',
      examples: [{ brain: { dockerfile: 'docker/brain.Dockerfile' } }],
    }),
  build: z
    .strictObject({
      on: z
        .union([text, z.array(text).min(1)], words('a label, or a list of labels'))
        .optional()
        .meta({ description: 'Runner that builds', examples: ['ubuntu-latest'] }),
      secrets: z
        .array(name)
        .optional()
        .meta({ description: 'Ids of build secrets, read from the environment', examples: [['hf_token']] }),
    })
    .optional()
    .meta({ examples: [{ secrets: ['hf_token'] }] }),
  health: z
    .strictObject(healthFields)
    .optional()
    .meta({ description: 'Defaults for every service', examples: [{ path: '/health' }] }),
  services: z
    .record(name, serviceSchema)
    .optional()
    .meta({ examples: [{ brain: { health: { port: 8101 } } }] }),
  supervisors: z
    .array(supervisorSchema)
    .optional()
    .meta({ examples: [[{ container: 'self_healing_supervisor', during: 'stop' }]] }),
  rollout: rolloutSchema.meta({
    examples: [{ order: ['mainpc', 'pc2'], canary: { services: ['model_ops_coordinator'], soak: '5m' } }],
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
