// A compose file as a rollout needs it: per service its image, ports, mounts, devices and order, each with its line.
import * as z from 'zod';
import type { Finding } from '../documents/findings.ts';
import type { Port } from '../documents/fleet.ts';
import { parseDuration } from './measures.ts';
import { describeMisfit } from './misfit.ts';
import { parsePorts } from './ports.ts';
import { complain, type Position } from './complain.ts';
import { interpolate } from './variables.ts';
import { parseYaml, type YamlFile, type YamlPath } from './yaml-file.ts';

export interface ComposeMount {
  readonly type: 'bind' | 'volume' | 'other';
  readonly source: string | undefined;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ComposeBuild {
  readonly context: string;
  readonly dockerfile: string | undefined;
  readonly arguments: Readonly<Record<string, string>>;
}

export interface ComposeService {
  readonly name: string;
  readonly image: string | undefined;
  /** The image's name without tag; undefined when only the host knows it. */
  readonly imageName: string | undefined;
  readonly build: ComposeBuild | undefined;
  readonly ports: readonly Port[];
  readonly exposed: readonly Port[];
  readonly gpu: boolean;
  readonly devices: readonly string[];
  readonly networkMode: string | undefined;
  readonly containerName: string | undefined;
  readonly environmentFiles: readonly string[];
  readonly mounts: readonly ComposeMount[];
  readonly dependsOn: readonly string[];
  /** Of dependsOn, those without `required: false`. */
  readonly requires: readonly string[];
  readonly stopGraceMs: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Where a key of this service stands; the service's own line when it is not written there. */
  at(key?: string, ...rest: readonly (string | number)[]): Position;
}

export interface ComposeFile {
  readonly file: string;
  readonly services: readonly ComposeService[];
  readonly findings: readonly Finding[];
}

/** https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json */
const SERVICE_NAME = /^[a-zA-Z0-9._-]+$/;

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const listOrMap = z.union([
  z.array(scalar).transform((items) => Object.fromEntries(items.map(splitPair))),
  z.record(
    z.string(),
    scalar.nullable().transform((value) => value ?? ''),
  ),
]);
const strings = z.union([scalar.transform((one) => [one]), z.array(scalar)]);
const portSchema = z.union([
  scalar,
  z.looseObject({
    target: scalar,
    published: scalar.optional(),
    protocol: scalar.optional(),
    host_ip: scalar.optional(),
  }),
]);
const mountSchema = z.union([
  z.string(),
  z.looseObject({
    type: z.string(),
    source: z.string().optional(),
    target: z.string(),
    read_only: z.boolean().optional(),
  }),
]);
const fileMount = z.union([z.string(), z.looseObject({ source: z.string(), target: z.string().optional() })]);
const deviceReservation = z.looseObject({ capabilities: z.array(z.string()).optional() });

const serviceSchema = z.looseObject({
  image: z.string().optional(),
  build: z
    .union([
      z.string(),
      z.looseObject({ context: z.string().optional(), dockerfile: z.string().optional(), args: listOrMap.optional() }),
    ])
    .optional(),
  ports: z.array(portSchema).optional(),
  expose: z.array(scalar).optional(),
  devices: z.array(z.union([z.string(), z.looseObject({ source: z.string() })])).optional(),
  gpus: z.union([z.string(), z.array(z.unknown())]).optional(),
  runtime: z.string().optional(),
  network_mode: z.string().optional(),
  container_name: z.string().optional(),
  env_file: z.union([z.string(), z.array(z.union([z.string(), z.looseObject({ path: z.string() })]))]).optional(),
  volumes: z.array(mountSchema).optional(),
  configs: z.array(fileMount).optional(),
  depends_on: z
    .union([
      strings.transform((names) => names.map((name) => ({ name, required: true }))),
      z
        .record(z.string(), z.looseObject({ required: z.boolean().default(true) }))
        .transform((map) => Object.entries(map).map(([name, { required }]) => ({ name, required }))),
    ])
    .optional(),
  stop_grace_period: z.string().optional(),
  labels: listOrMap.optional(),
  extends: z.unknown().optional(),
  deploy: z
    .looseObject({
      resources: z
        .looseObject({ reservations: z.looseObject({ devices: z.array(deviceReservation).optional() }).optional() })
        .optional(),
    })
    .optional(),
});
type ServiceEntry = z.output<typeof serviceSchema>;

const composeSchema = z.looseObject({
  services: z.record(z.string(), z.unknown()),
  configs: z.record(z.string(), z.looseObject({ file: z.string().optional() })).optional(),
  include: z.unknown().optional(),
});

/** Reads a compose file's text; every key that is not understood enough is a finding at its line. */
export function parseCompose(text: string, file: string): ComposeFile {
  const yaml = parseYaml(text, file);
  if (yaml.findings.length > 0) return { file, services: [], findings: yaml.findings };
  const top = composeSchema.safeParse(yaml.value);
  if (!top.success) return { file, services: [], findings: misfits(top.error, yaml, []) };
  const findings: Finding[] = [...unsupported(top.data.include, yaml, ['include'])];
  const configFiles = new Map(Object.entries(top.data.configs ?? {}).map(([name, { file: path }]) => [name, path]));
  const services = Object.entries(top.data.services).flatMap(([name, entry]) => {
    if (!SERVICE_NAME.test(name)) findings.push(badName(name, yaml));
    if (!SERVICE_NAME.test(name)) return [];
    const parsed = serviceSchema.safeParse(entry);
    if (!parsed.success) findings.push(...misfits(parsed.error, yaml, ['services', name]));
    if (!parsed.success) return [];
    findings.push(...unsupported(parsed.data.extends, yaml, ['services', name, 'extends']));
    return [describeService({ name, entry: parsed.data, yaml, configFiles, findings })];
  });
  return { file, services, findings };
}

interface ServiceSubject {
  readonly name: string;
  readonly entry: ServiceEntry;
  readonly yaml: YamlFile;
  readonly configFiles: ReadonlyMap<string, string | undefined>;
  /** Findings are added here. */
  readonly findings: Finding[];
}

function describeService(subject: ServiceSubject): ComposeService {
  const { name, entry, yaml, findings } = subject;
  const at: ComposeService['at'] = (key, ...rest) =>
    key === undefined ? yaml.atKey(['services'], name) : placeOf(yaml, ['services', name], [key, ...rest]);
  const ports = (entry.ports ?? []).map((port, index) => parsePorts(port, at('ports', index)));
  findings.push(...ports.flatMap((parsed) => parsed.findings));
  const image = entry.image;
  return {
    name,
    at,
    image,
    imageName: image === undefined ? undefined : interpolate(image).imageName,
    build: buildOf(entry.build),
    ports: ports.flatMap((parsed) => parsed.ports),
    exposed: (entry.expose ?? []).flatMap((port) => parsePorts({ target: port }, at('expose')).ports),
    gpu: wantsGpu(entry),
    devices: (entry.devices ?? []).map((device) => (typeof device === 'string' ? device : device.source)),
    networkMode: entry.network_mode,
    containerName: entry.container_name,
    environmentFiles: environmentFilesOf(entry.env_file),
    mounts: [...(entry.volumes ?? []).map(mountOf), ...configMounts(subject)],
    dependsOn: (entry.depends_on ?? []).map(({ name }) => name),
    requires: (entry.depends_on ?? []).filter(({ required }) => required).map(({ name }) => name),
    stopGraceMs: entry.stop_grace_period === undefined ? undefined : parseDuration(entry.stop_grace_period),
    labels: entry.labels ?? {},
  };
}

function placeOf(yaml: YamlFile, base: readonly string[], path: readonly (string | number)[]): Position {
  const [key, ...rest] = path;
  return rest.length === 0 && typeof key === 'string' ? yaml.atKey(base, key) : yaml.at([...base, ...path]);
}

function buildOf(build: ServiceEntry['build']): ComposeBuild | undefined {
  if (build === undefined) return undefined;
  if (typeof build === 'string') return { context: build, dockerfile: undefined, arguments: {} };
  return { context: build.context ?? '.', dockerfile: build.dockerfile, arguments: build.args ?? {} };
}

function wantsGpu(entry: ServiceEntry): boolean {
  const reserved = entry.deploy?.resources?.reservations?.devices ?? [];
  const byDeploy = reserved.some((device) => device.capabilities?.includes('gpu') === true);
  return byDeploy || entry.gpus !== undefined || entry.runtime === 'nvidia';
}

function environmentFilesOf(files: ServiceEntry['env_file']): readonly string[] {
  const list = files === undefined ? [] : typeof files === 'string' ? [files] : files;
  return list.map((item) => (typeof item === 'string' ? item : item.path));
}

function mountOf(mount: z.output<typeof mountSchema>): ComposeMount {
  if (typeof mount !== 'string') {
    const type = mount.type === 'bind' || mount.type === 'volume' ? mount.type : 'other';
    return { type, source: mount.source, target: mount.target, readOnly: mount.read_only === true };
  }
  const [first = '', second, options = ''] = mount.split(':');
  if (second === undefined) return { type: 'volume', source: undefined, target: first, readOnly: false };
  const type = /^[./~]/.test(first) ? 'bind' : 'volume';
  return { type, source: first, target: second, readOnly: options.split(',').includes('ro') };
}

/** A config made from a file is a file mounted read-only. */
function configMounts({ entry, configFiles }: ServiceSubject): readonly ComposeMount[] {
  return (entry.configs ?? []).flatMap((item) => {
    const name = typeof item === 'string' ? item : item.source;
    const source = configFiles.get(name);
    const target = (typeof item === 'string' ? undefined : item.target) ?? `/${name}`;
    return source === undefined ? [] : [{ type: 'bind' as const, source, target, readOnly: true }];
  });
}

function unsupported(value: unknown, yaml: YamlFile, path: readonly string[]): readonly Finding[] {
  if (value === undefined) return [];
  const key = path.at(-1) ?? '';
  return [
    complain('RC010', yaml.atKey(path.slice(0, -1), key), {
      message: `${key} is not followed when values are derived`,
      expected: 'services written out in this one file',
      got: key,
      cure: `write what ${key} brings in into ${yaml.file}; YAML anchors and merge keys are understood`,
    }),
  ];
}

function misfits(error: z.ZodError, yaml: YamlFile, base: readonly string[]): readonly Finding[] {
  return error.issues.map((issue) => {
    const path = [...base, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
    const subject = { issue, path, value: yaml.value, file: yaml.file, exampleAt };
    return complain('RC002', yaml.at(path), describeMisfit(subject));
  });
}

/** Right values by key, for findings. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  build: '.',
  configs: ['brain_settings'],
  depends_on: ['bus'],
  deploy: { resources: { reservations: { devices: [{ capabilities: ['gpu'] }] } } },
  devices: ['/dev/video0:/dev/video0'],
  env_file: 'env/brain.env',
  expose: ['8101'],
  image: 'ghcr.io/acme/fleet/brain:main',
  labels: { 'io.rollout.health-port': '8101' },
  ports: ['8101:8101'],
  stop_grace_period: '30s',
  volumes: ['./data/brain:/data'],
};

function exampleAt(path: YamlPath): unknown {
  const [top, service, key] = path;
  if (top !== 'services' || path.length > 3) return undefined;
  if (service === undefined) return { brain: { image: EXAMPLES['image'] } };
  return key === undefined ? { image: EXAMPLES['image'] } : EXAMPLES[key];
}

function badName(name: string, yaml: YamlFile): Finding {
  return complain('RC002', yaml.atKey(['services'], name), {
    message: `${name} can not be the name of a service`,
    expected: 'letters, digits, _ . and -',
    got: name,
    cure: 'rename it; Compose refuses it too',
  });
}

function splitPair(item: string): [string, string] {
  const equals = item.indexOf('=');
  return equals === -1 ? [item, ''] : [item.slice(0, equals), item.slice(equals + 1)];
}
