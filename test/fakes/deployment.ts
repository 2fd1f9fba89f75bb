// Small deployments for tests: a placement, a pin, a release record, a container, each with what a test wants to say.
import type { Placement } from '../../src/documents/fleet.ts';
import type { Container } from '../../src/hosts/container.ts';
import type { Pin } from '../../src/hosts/pins.ts';
import type { ReleaseRecord } from '../../src/journal/event.ts';

export function digestOf(name: string): string {
  return `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)}`;
}

export function placement(rest: Partial<Placement> = {}): Placement {
  return {
    service: 'web',
    machine: 'mainpc',
    image: 'web',
    composeService: 'web',
    ports: [{ host: 8080, container: 80, protocol: 'tcp' }],
    gpu: false,
    devices: [],
    environmentFiles: [],
    mounts: [],
    after: [],
    stopGraceMs: 1_000,
    strategy: 'stop-first',
    strategyReason: 'a test',
    health: { path: '/health', exactly: { status: 'ok' }, port: 80, minHealthyTimeMs: 0, healthyDeadlineMs: 5_000 },
    ...rest,
  };
}

export function pinOf(deployment: string): Pin {
  const digest = digestOf(deployment);
  return { image: `registry.test/acme/web:${deployment}@${digest}`, deployment, digest };
}

export function releaseRecord(deployment: string): ReleaseRecord {
  return {
    deployment,
    at: '2026-11-23T20:00:00.000Z',
    pin: pinOf(deployment),
    configuration: 'c',
    container: `container-${deployment}`,
    placement: placement(),
  };
}

export function container(rest: Partial<Container> = {}): Container {
  return {
    id: 'id-1',
    name: 'web',
    image: 'registry.test/acme/web:1',
    imageId: 'sha256:1',
    status: 'running',
    health: 'none',
    exitCode: 0,
    outOfMemory: false,
    restarts: 0,
    restartPolicy: { name: 'unless-stopped', maximumRetries: 0 },
    createdAt: '2026-11-23T19:00:00Z',
    startedAt: '2026-11-23T19:00:01Z',
    labels: {},
    environment: [],
    addresses: ['172.18.0.2'],
    networkMode: 'bridge',
    ports: [{ host: 8080, container: 80, protocol: 'tcp' }],
    mounts: [],
    ...rest,
  };
}
