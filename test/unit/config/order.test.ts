import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import type { Finding } from '../../../src/documents/findings.ts';
import { repositoryWorld, ROOT } from '../../fakes/repository-world.ts';
import { BRAIN, COMPOSE_MAINPC, ROLLOUT, smallFleet } from '../../fakes/small-fleet.ts';

type Changes = Readonly<Record<string, string>>;

async function resolved(changes: Changes) {
  return resolveConfig(repositoryWorld({ files: smallFleet(changes) }), { root: ROOT, file: 'rollout.yml' });
}

async function findings(changes: Changes): Promise<readonly Finding[]> {
  return (await resolved(changes)).findings;
}

describe('after a service of another machine', () => {
  const after = (services: string, rollout = ROLLOUT): Changes => ({
    'rollout.yml': `${rollout}services: { ${services} }\n`,
  });

  test('is fine where the waves keep it: eyes of pc2 come after brain, the canary of mainpc', async () => {
    expect(await findings(after('eyes: { after: [brain] }'))).toEqual([]);
  });

  test('is an error where the waves go the other way round', async () => {
    expect(await findings(after('brain: { after: [eyes] }'))).toMatchObject([
      {
        rule: 'RC003',
        line: 9,
        message: 'brain on mainpc is to come after eyes, which moves later',
        expected: 'eyes in a wave before "canary on mainpc"',
        got: 'eyes in "pc2"',
      },
    ]);
  });

  test('a service that runs on the same machine too is asked for there only', async () => {
    expect(await findings(after('brain: { after: [bus] }'))).toEqual([]);
  });

  test('is an error where machines move at once, unless the other is a canary', async () => {
    const together = ROLLOUT.replace('rollout:\n', 'rollout:\n  machines-at-once: 2\n').replace('[brain]', '[bus]');
    expect(await findings(after('eyes: { after: [brain] }', together))).toMatchObject([
      { rule: 'RC003', message: 'eyes on pc2 is to come after brain, which may move at the same time' },
    ]);
    const asCanary = together.replace('[bus]', '[brain]');
    expect(await findings(after('eyes: { after: [brain] }', asCanary))).toEqual([]);
  });
});

describe('one port of a machine, twice in one service', () => {
  const ports = (text: string): Changes => ({
    'compose.mainpc.yml': COMPOSE_MAINPC.replace('ports: ["8101:8101"]', `ports: ${text}`),
  });

  test.each(['["8101:8101", "8101:9101"]', '["8101:8101", "127.0.0.1:8101:8101"]', '["8101:8101", "8101:8101"]'])(
    '%s is an error',
    async (text) => {
      expect(await findings(ports(text))).toMatchObject([
        { rule: 'RC005', message: 'brain holds port 8101 of mainpc twice', file: 'compose.mainpc.yml' },
      ]);
    },
  );

  test.each([
    '["8101:8101", "8101:8101/udp"]',
    '["0.0.0.0:8101:8101", "[::]:8101:8101"]',
    '["8101:8101", "8102:8101"]',
  ])('%s is fine', async (text) => {
    expect(await findings(ports(text))).toEqual([]);
  });
});

describe('a lock under a build context that is a folder', () => {
  const inFolder = (dockerfile: string): Changes => ({
    'rollout.yml': `${ROLLOUT}images: { brain: { dockerfile: brain/Dockerfile, context: brain } }\n`,
    'brain/Dockerfile': dockerfile,
  });
  const lock = async (changes: Changes) => {
    const made = await resolved(changes);
    return made.kind === 'resolved' ? made.config.images.find(({ name }) => name === 'brain')?.lock : made.findings;
  };

  test('is found behind a COPY relative to the context', async () => {
    const dockerfile = BRAIN.replaceAll('brain/requirements.lock', 'requirements.lock');
    expect(await lock(inFolder(dockerfile))).toBe('brain/requirements.lock');
  });

  test('is found behind a bind mount relative to the context', async () => {
    const dockerfile = BRAIN.replace(/COPY brain\/requirements.*\n/, '').replace(
      'RUN pip',
      'RUN --mount=type=bind,source=requirements.lock,target=/build/requirements.lock pip',
    );
    expect(await lock(inFolder(dockerfile))).toBe('brain/requirements.lock');
  });

  test('a file of that name at the root is another one', async () => {
    const dockerfile = BRAIN.replaceAll('brain/requirements.lock', 'base.lock');
    expect(await lock({ ...inFolder(dockerfile), 'base.lock': '' })).toBeUndefined();
  });
});
