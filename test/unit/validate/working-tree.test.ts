// What is checked is what lies in the working tree and what a checkout would have of it.
import { expect, test } from 'vitest';
import type { Finding } from '../../../src/documents/findings.ts';
import { validate } from '../../../src/validate/validate.ts';
import { edited, LOCK } from '../../fakes/golden-fleet.ts';
import { repositoryWorld, ROOT, type RepositoryWorld } from '../../fakes/repository-world.ts';

async function found(world: RepositoryWorld): Promise<readonly Finding[]> {
  return (await validate(repositoryWorld(world), { root: ROOT })).findings;
}

test('a lock that git tracks and nobody has any more is missing for COPY', async () => {
  const findings = await found({ files: edited([], { [LOCK]: undefined }), gone: [LOCK] });
  expect(findings).toContainEqual(expect.objectContaining({ rule: 'RA501', message: expect.stringContaining(LOCK) }));
});

test('a folder without a file is told as one, not as missing', async () => {
  const gone = { 'api/api/__init__.py': undefined, 'api/api/__main__.py': undefined };
  const findings = await found({ files: edited([], gone), emptyFolders: ['api/api'] });
  expect(findings.filter(({ rule }) => rule === 'RA501')).toMatchObject([
    {
      message: 'api/api is a folder without a file that git keeps, so a checkout does not have it',
      got: 'an empty folder, or ignored files only',
    },
  ]);
});

test('rollout.yaml beside no rollout.yml is an error with the cure of config', async () => {
  const { 'rollout.yml': text, ...rest } = edited([]);
  expect(await found({ files: { ...rest, 'rollout.yaml': text ?? '' } })).toContainEqual(
    expect.objectContaining({
      ...{ rule: 'RC007', severity: 'error', file: 'rollout.yml', got: 'rollout.yaml' },
      cure: 'rename it to rollout.yml, or say --config rollout.yaml',
    }),
  );
});
