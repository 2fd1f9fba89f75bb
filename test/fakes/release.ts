// A release made of the given images, on no machine.
import type { Release, ReleaseImage } from '../../src/documents/release.ts';

export function releaseOf(images: readonly ReleaseImage[]): Release {
  return {
    schema: 'rollout/release',
    version: 1,
    createdAt: '2026-11-23T20:15:00.000Z',
    revision: '9c99cc9'.padEnd(40, '0'),
    registry: 'registry.test/acme',
    tag: '20261123-9c99cc9',
    images,
    deployment: {
      machines: [],
      placements: [],
      supervisors: [],
      waves: [],
      servicesAtOnce: 4,
      machinesAtOnce: 1,
      onFailure: 'rollback',
      keepReleases: 2,
      files: [],
    },
  };
}
