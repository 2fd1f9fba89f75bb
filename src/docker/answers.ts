// The engine's answers as far as they are used: read through schemas, turned into our own words.
import * as z from 'zod';
import type { Container, PublishedPort } from '../hosts/container.ts';

export const versionAnswer = z.object({ Version: z.string(), ApiVersion: z.string(), Arch: z.string().optional() });
export const infoAnswer = z.object({
  OperatingSystem: z.string(),
  KernelVersion: z.string(),
  Driver: z.string(),
  DockerRootDir: z.string(),
  Architecture: z.string(),
  SecurityOptions: z.array(z.string()).nullish(),
  Swarm: z.object({ LocalNodeState: z.string() }).nullish(),
});
export const listAnswer = z.array(z.object({ Id: z.string() }));
export const imageAnswer = z.object({
  Id: z.string(),
  RepoDigests: z.array(z.string()).nullish(),
  RepoTags: z.array(z.string()).nullish(),
  Size: z.number(),
  Architecture: z.string(),
});
export const eventAnswer = z.object({
  Type: z.string(),
  Action: z.string(),
  timeNano: z.number(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
});
export const errorAnswer = z.object({ message: z.string() });

const bindings = z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullish()).nullish();

export const containerAnswer = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  Created: z.string(),
  RestartCount: z.number(),
  Config: z.object({
    Image: z.string(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Env: z.array(z.string()).nullish(),
  }),
  State: z.object({
    Status: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
    ExitCode: z.number(),
    OOMKilled: z.boolean(),
    StartedAt: z.string(),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  HostConfig: z.object({
    NetworkMode: z.string(),
    PortBindings: bindings,
    RestartPolicy: z.object({ Name: z.string(), MaximumRetryCount: z.number() }).nullish(),
  }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ IPAddress: z.string() })).nullish() }),
  Mounts: z.array(z.object({ Source: z.string().optional(), Destination: z.string() })).nullish(),
});

export function toContainer(answer: z.infer<typeof containerAnswer>): Container {
  const { State: state, Config: config, HostConfig: host } = answer;
  const networks = Object.values(answer.NetworkSettings.Networks ?? {});
  return {
    id: answer.Id,
    name: answer.Name.replace(/^\//, ''),
    image: config.Image,
    imageId: answer.Image,
    status: state.Status,
    health: healthWord(state.Health?.Status),
    exitCode: state.ExitCode,
    outOfMemory: state.OOMKilled,
    restarts: answer.RestartCount,
    restartPolicy: toRestartPolicy(host.RestartPolicy),
    createdAt: answer.Created,
    startedAt: state.StartedAt,
    labels: config.Labels ?? {},
    environment: config.Env ?? [],
    addresses: networks.map((network) => network.IPAddress).filter((address) => address !== ''),
    networkMode: host.NetworkMode,
    ports: Object.entries(host.PortBindings ?? {}).flatMap(([key, hosts]) => toPorts(key, hosts ?? [])),
    mounts: (answer.Mounts ?? []).map((mount) => ({ source: mount.Source ?? '', target: mount.Destination })),
  };
}

function toRestartPolicy(policy: z.infer<typeof containerAnswer>['HostConfig']['RestartPolicy']): {
  name: string;
  maximumRetries: number;
} {
  // An engine that was never told one leaves the name empty, and means `no`.
  const name = policy?.Name ?? '';
  return { name: name === '' ? 'no' : name, maximumRetries: policy?.MaximumRetryCount ?? 0 };
}

function healthWord(status: string | undefined): Container['health'] {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
}

function toPorts(key: string, hosts: readonly { HostPort: string }[]): PublishedPort[] {
  const [container, protocol = 'tcp'] = key.split('/');
  return hosts
    .map(({ HostPort }) => ({ host: Number(HostPort), container: Number(container), protocol }))
    .filter((port) => port.host > 0);
}
