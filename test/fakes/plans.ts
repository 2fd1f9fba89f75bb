// Plans made of names only, for tests of the verbs that come after planning.
import type { BuildTarget, KeptTarget, Plan } from '../../src/documents/plan.ts';
import { parseDigest } from '../../src/images/reference.ts';

export const DIGEST = parseDigest(`sha256:${'d'.repeat(64)}`);

/** `web` or `web@mainpc` for a variant; `parents` are names of targets, or references by digest. */
export function buildTarget(
  name: string,
  parents: readonly string[] = [],
  more: Partial<BuildTarget> = {},
): BuildTarget {
  return {
    ...pushed(name),
    dockerfile: `${name}/Dockerfile`,
    context: '.',
    arguments: {},
    labels: { 'org.opencontainers.image.title': name },
    contexts: parents.map((parent) => ({
      from: `ghcr.io/acme/fleet/${parent.split('@')[0]}:main`,
      is: parent.includes('@') ? { kind: 'image', reference: parent } : { kind: 'target', target: parent },
    })),
    reasons: ['first release'],
    ...more,
  };
}

export function keptTarget(name: string): KeptTarget {
  return { ...pushed(name), digest: DIGEST };
}

export function planWith(
  build: readonly BuildTarget[],
  kept: readonly KeptTarget[] = [],
  more: Partial<Plan> = {},
): Plan {
  return {
    schema: 'rollout/plan',
    version: 1,
    createdAt: '2026-11-23T20:15:00.000Z',
    revision: '9'.repeat(40),
    registry: 'ghcr.io/acme/fleet',
    tag: '20261123-9999999',
    build: [...build],
    kept: [...kept],
    buildSecrets: [],
    deployment: {
      ...{ machines: [], placements: [], supervisors: [], waves: [], files: [] },
      ...{ servicesAtOnce: 4, machinesAtOnce: 1, onFailure: 'rollback', keepReleases: 2 },
    },
    ...more,
  };
}

function pushed(name: string) {
  return {
    name,
    image: name,
    kind: 'service' as const,
    repository: `ghcr.io/acme/fleet/${name}`,
    tag: '20261123-9999999',
    expected: { platform: 'linux/amd64' as const, labels: {} },
  };
}
