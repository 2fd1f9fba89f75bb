// A small release of two machines for tests: mainpc with a canary, pc2 with the rest.
import { parseDigest, type Digest } from '../../src/images/reference.ts';
import type { Machine, Placement, Wave } from '../../src/documents/fleet.ts';
import type { Release, ReleaseImage } from '../../src/documents/release.ts';

export const digestOf = (letter: string): Digest => parseDigest(`sha256:${letter.repeat(64)}`);

export const machine = (name: string): Machine => ({
  name,
  compose: `compose.${name}.yml`,
  directory: '/srv/fleet',
  engine: 'compose',
  runsOn: ['self-hosted', name],
  reach: [],
  offline: 'fail',
  keepFreeBytes: 0,
});

export const placement = (on: string, service: string): Placement => ({
  service,
  machine: on,
  image: service,
  composeService: service,
  ports: [],
  gpu: false,
  devices: [],
  environmentFiles: [],
  mounts: [],
  after: [],
  stopGraceMs: 1_000,
  strategy: 'stop-first',
  strategyReason: 'fixed ports',
  health: {
    path: '/health',
    exactly: { status: 'ok' },
    port: 8080,
    minHealthyTimeMs: 2_000,
    healthyDeadlineMs: 60_000,
  },
});

export const wave = (kind: Wave['kind'], on: string, services: readonly string[], soakMs = 0): Wave => ({
  name: `${kind}-${on}`,
  kind,
  machine: on,
  services,
  soakMs,
});

export const TAG = '20261123-9c99cc9';

const image = (name: string, letter: string, on?: string): ReleaseImage => ({
  name: on === undefined ? name : `${name}-${on}`,
  image: name,
  kind: name.startsWith('base') ? 'family' : 'service',
  ...(on === undefined ? {} : { machine: on }),
  repository: `ghcr.io/acme/fleet/${name}`,
  tag: on === undefined ? TAG : `${TAG}-${on}`,
  expected: { platform: 'linux/amd64', labels: {} },
  digest: digestOf(letter),
  origin: name === 'eyes' ? 'kept' : 'built',
});

/** brain is the canary on mainpc; bus runs on both; eyes only on pc2. */
export function smallRelease(): Release {
  return {
    schema: 'rollout/release',
    version: 1,
    createdAt: '2026-11-23T20:00:00.000Z',
    revision: '9c99cc9a1b2c3d4e5f60718293a4b5c6d7e8f901',
    registry: 'ghcr.io/acme/fleet',
    tag: TAG,
    images: [image('base-python', 'a'), image('brain', 'b', 'mainpc'), image('bus', 'c'), image('eyes', 'd', 'pc2')],
    deployment: {
      machines: [machine('mainpc'), machine('pc2')],
      placements: [
        placement('mainpc', 'brain'),
        placement('mainpc', 'bus'),
        placement('pc2', 'bus'),
        placement('pc2', 'eyes'),
      ],
      supervisors: [{ container: 'healer', during: 'observe' }],
      waves: [
        wave('canary', 'mainpc', ['brain'], 3_000),
        wave('batch', 'mainpc', ['bus']),
        wave('batch', 'pc2', ['bus', 'eyes']),
      ],
      servicesAtOnce: 4,
      machinesAtOnce: 1,
      onFailure: 'rollback',
      keepReleases: 2,
      files: [],
    },
  };
}
