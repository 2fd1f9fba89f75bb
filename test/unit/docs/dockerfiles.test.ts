// The Dockerfiles of docs/dockerfiles.md, validated as a repository that copied them.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { check, GOLDEN, HASH_A } from '../../fakes/golden-fleet.ts';

const PAGE = readFileSync(new URL('../../../docs/dockerfiles.md', import.meta.url), 'utf8');
const SHOWN = Object.fromEntries(
  [...PAGE.matchAll(/^```dockerfile\n# (\S+)\n([\s\S]*?)^```$/gm)].map(([, path = '', text = '']) => [path, text]),
);
const compose = (machine: string): string =>
  ['api:8000', 'bus:8001']
    .map((service) => service.split(':'))
    .map(
      ([name, port]) =>
        `  ${name}:\n    image: ghcr.io/acme/small/${name}:\${TAG:?}-${machine}\n    ports: ["${port}:${port}"]\n`,
    )
    .join('');

function repository(): Record<string, string> {
  return {
    'rollout.yml': GOLDEN['rollout.yml'] ?? '',
    'compose.mainpc.yml': `services:\n${compose('mainpc')}`,
    'compose.pc2.yml': `services:\n${compose('pc2')}`,
    'config/machine-profiles/mainpc.json': '{}\n',
    'config/machine-profiles/pc2.json': '{}\n',
    'api/requirements.lock': `fleetkit==1.0.0 \\\n    --hash=sha256:${HASH_A}\n`,
    'api/api/__main__.py': '',
    'bus/bus/__main__.py': '',
    ...SHOWN,
  };
}

test('the page shows a service with requirements and one without', () => {
  expect(Object.keys(SHOWN)).toEqual(['api/Dockerfile', 'bus/Dockerfile']);
});

test('copied as they stand, validate finds nothing', async () => {
  expect(await check(repository())).toEqual([]);
});

test('both are really looked at', async () => {
  const broken = Object.fromEntries(
    Object.entries(repository()).map(([path, text]) => [path, text.replace('USER 10001:10001', 'USER root')]),
  );
  const files = new Set((await check(broken)).map(({ file }) => file));
  expect([...files].toSorted()).toEqual(['api/Dockerfile', 'bus/Dockerfile']);
});
