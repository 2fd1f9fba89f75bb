// What counts as a file of the repository: what a checkout has, not what the index remembers.
import { expect, test } from 'vitest';
import { readRepository } from '../../../src/config/repository.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { repositoryWorld, ROOT, type RepositoryWorld } from '../../fakes/repository-world.ts';
import { smallFleet } from '../../fakes/small-fleet.ts';

const listed = async (more: Partial<RepositoryWorld>) => {
  const repository = await readRepository(repositoryWorld({ files: { 'a b.txt': '', kept: '' }, ...more }), ROOT);
  return { files: repository.files, tracked: [...(repository.tracked ?? [])] };
};

test('a tracked file that was deleted is no file of the repository', async () => {
  expect(await listed({ gone: ['cart/lock'] })).toEqual({ files: ['a b.txt', 'kept'], tracked: ['a b.txt', 'kept'] });
});

test('nor is one that a sparse checkout left out', async () => {
  expect(await listed({ sparse: ['cart/lock'] })).toEqual({ files: ['a b.txt', 'kept'], tracked: ['a b.txt', 'kept'] });
});

test('a Dockerfile that git tracks and nobody has any more is missing', async () => {
  const files = smallFleet({ 'bus/Dockerfile': undefined });
  const resolved = await resolveConfig(repositoryWorld({ files, gone: ['bus/Dockerfile'] }), {
    root: ROOT,
    file: 'rollout.yml',
  });
  expect(resolved.findings).toContainEqual(
    expect.objectContaining({ rule: 'RC007', message: 'no Dockerfile for bus', got: 'none in the repository' }),
  );
});
