import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { showConfig } from '../../../src/config/show.ts';
import { repositoryWorld, ROOT } from '../../fakes/repository-world.ts';
import { COMPOSE_MAINPC, ROLLOUT, smallFleet } from '../../fakes/small-fleet.ts';

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
  expect(text).toMatch(/^ {2}health\.port +8101 +brain\/Dockerfile:12$/m);
});

test('a service of another registry is told as left alone, with who needs it', async () => {
  const compose = COMPOSE_MAINPC.replace(/depends_on: .*/, 'depends_on: [bus, redis]').replace(
    '  redis:\n',
    '  db:\n    image: postgres:${PG:-16}\n  redis:\n',
  );
  const files = smallFleet({ 'compose.mainpc.yml': compose });
  const resolved = await resolveConfig(repositoryWorld({ files }), { root: ROOT, file: 'rollout.yml' });
  if (resolved.kind === 'broken') throw new Error('broken');
  expect(showConfig(resolved.config)).toContain(
    `  not ours: db (postgres), left alone\n  not ours: redis (redis:7), left alone; brain needs it running\n`,
  );
});

test('keys and values stand there as they are written in rollout.yml and compose', async () => {
  const files = smallFleet({
    'rollout.yml': ROLLOUT.replace(
      'pc2: { compose: compose.pc2.yml,',
      'pc2: { compose: compose.pc2.yml, reach: [ssh, pc2], disk: { keep-free: 40GiB },',
    ),
  });
  const resolved = await resolveConfig(repositoryWorld({ files }), { root: ROOT, file: 'rollout.yml' });
  if (resolved.kind === 'broken') throw new Error('broken');
  const text = showConfig(resolved.config);
  expect(text).toMatch(/^ {2}runs-on +\[self-hosted, pc2\] +default$/m);
  expect(text).toMatch(/^ {2}disk\.keep-free +40GiB +rollout\.yml:5$/m);
  expect(text).toMatch(/^ {2}reach +\[ssh, pc2\] +rollout\.yml:5$/m);
  expect(text).toMatch(/^ {2}order +\[mainpc, pc2\] +rollout\.yml:7$/m);
  expect(text).toMatch(/^ {2}stop_grace_period +1m30s +compose\.mainpc\.yml:3$/m);
  expect(text).toMatch(/^ {2}network_mode +host +compose\.pc2\.yml:8$/m);
  expect(text).toMatch(/^ {2}env_file +\[env\/brain\.env\] +compose\.mainpc\.yml:\d+$/m);
  // Names of the program's own insides: runsOn, keepFreeBytes, stopGraceMs.
  expect(text).not.toMatch(/^ {2}(?:[a-z-]+\.)?[a-z]+[A-Z]\w*/m);
});
