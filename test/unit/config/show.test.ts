import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { showConfig } from '../../../src/config/show.ts';
import { repositoryWorld, ROOT } from '../../fakes/repository-world.ts';
import { smallFleet } from '../../fakes/small-fleet.ts';

test('the text has a section per machine, image and placement, each value beside its source', async () => {
  const resolved = await resolveConfig(repositoryWorld({ files: smallFleet() }), { root: ROOT, file: 'rollout.yml' });
  if (resolved.kind === 'broken') throw new Error('broken');
  const text = showConfig(resolved.config);
  const titles = text.split('\n').filter((line) => /^\S/.test(line));
  expect(titles).toEqual([
    ...['general', 'rollout', 'machine mainpc', 'machine pc2'],
    ...['family base', 'service brain', 'service bus', 'service eyes'],
    ...['bus on mainpc', 'brain on mainpc', 'bus on pc2', 'eyes on pc2'],
  ]);
  expect(text).toMatch(/^ {2}registry +ghcr\.io\/acme\/fleet +rollout\.yml:2$/m);
  expect(text).toMatch(/^ {2}runsOn +self-hosted, pc2 +default$/m);
  expect(text).toMatch(/^ {2}health\.port +8101 +brain\/Dockerfile:12$/m);
  expect(text).toMatch(/^ {2}stopGraceMs +1m30s +compose\.mainpc\.yml:3$/m);
});
