import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { configSchema, type Config } from '../../../src/documents/fleet.ts';
import type { Finding } from '../../../src/documents/findings.ts';
import { repositoryWorld, ROOT, type RepositoryWorld } from '../../fakes/repository-world.ts';
import { BRAIN, COMPOSE_MAINPC, COMPOSE_PC2, ROLLOUT, smallFleet } from '../../fakes/small-fleet.ts';

type Changes = Readonly<Record<string, string | undefined>>;

async function resolve(changes: Changes, more: Partial<RepositoryWorld> & { registry?: string } = {}) {
  const world = repositoryWorld({ files: smallFleet(changes), ...more });
  return resolveConfig(world, { root: ROOT, file: 'rollout.yml', registry: more.registry });
}

async function config(changes: Changes = {}, more: Parameters<typeof resolve>[1] = {}): Promise<Config> {
  const resolved = await resolve(changes, more);
  if (resolved.kind === 'broken') throw new Error(JSON.stringify(resolved.findings, undefined, 1));
  return resolved.config;
}

async function errors(changes: Changes): Promise<readonly Finding[]> {
  const resolved = await resolve(changes);
  return resolved.findings.filter(({ severity }) => severity === 'error');
}

function placement(from: Config, machine: string, service: string) {
  return from.placements.find((one) => one.machine === machine && one.service === service)!;
}

describe('the resolved configuration', () => {
  test('is a valid document', async () => {
    expect(configSchema.parse(await config())).toEqual(await config());
  });

  test('takes the services whose image lies under the registry, also behind variables with a default', async () => {
    const { placements } = await config();
    expect(placements.map(({ machine, service }) => `${machine}/${service}`)).toEqual([
      'mainpc/bus',
      'mainpc/brain',
      'pc2/bus',
      'pc2/eyes',
    ]);
  });

  test('puts parents before children and builds only what reaches ARG MACHINE once per machine', async () => {
    const { images } = await config();
    expect(images.map(({ name, perMachine, machines }) => [name, perMachine, machines])).toEqual([
      ['base', false, ['mainpc', 'pc2']],
      ['brain', true, ['mainpc']],
      ['bus', false, ['mainpc', 'pc2']],
      ['eyes', true, ['pc2']],
    ]);
  });

  test('an image whose parent reaches ARG MACHINE is per machine too', async () => {
    const { images } = await config({
      'images/base/Dockerfile': 'FROM scratch\nARG MACHINE\nCOPY config/machine-profiles/${MACHINE}.json /p\n',
    });
    expect(images.map(({ perMachine }) => perMachine)).toEqual([true, true, true, true]);
  });

  test('keeps the text of FROM that names a parent, and the outside bases', async () => {
    const { images } = await config();
    expect(images.find(({ name }) => name === 'brain')?.parents).toEqual([
      { image: 'base', from: 'ghcr.io/acme/fleet/base:main' },
    ]);
    expect(images[0]?.bases).toEqual([`debian:12@sha256:${'a'.repeat(64)}`]);
  });

  test('finds the lock behind the COPY that brings it', async () => {
    const { images, sources } = await config();
    expect(images.map(({ lock }) => lock)).toEqual([undefined, 'brain/requirements.lock', undefined, undefined]);
    expect(sources['images.brain.lock']).toBe('brain/Dockerfile:4');
  });

  test('tells apart mounts of the repository, of the host, and volumes', async () => {
    expect(placement(await config(), 'mainpc', 'brain').mounts).toEqual([
      { source: 'data/brain', target: '/data', readOnly: false, kind: 'host' },
      { source: 'config/brain.json', target: '/etc/brain.json', readOnly: true, kind: 'repository' },
      { source: 'cache', target: '/cache', readOnly: false, kind: 'volume' },
    ]);
  });

  test('takes no file for one of the repository that git does not track, nor any without git', async () => {
    const kinds = async (more: Partial<RepositoryWorld>) =>
      placement(await config({}, more), 'mainpc', 'brain').mounts.map(({ kind }) => kind);
    expect(await kinds({ untracked: ['config/brain.json'] })).toEqual(['host', 'host', 'volume']);
    expect(await kinds({ noGit: true })).toEqual(['host', 'host', 'volume']);
  });

  test('reads grace, order and env files through merge keys, and leaves foreign services out of the order', async () => {
    const { sources, ...rest } = await config();
    const brain = rest.placements.find(({ service }) => service === 'brain');
    expect(brain).toMatchObject({ stopGraceMs: 90_000, after: ['bus'], environmentFiles: ['env/brain.env'] });
    expect(sources['placements.mainpc.brain.stopGraceMs']).toBe('compose.mainpc.yml:3');
  });

  test('on the network of the host an exposed port is one of the machine', async () => {
    expect(placement(await config(), 'pc2', 'eyes')).toMatchObject({
      networkMode: 'host',
      gpu: true,
      devices: ['/dev/video0:/dev/video0'],
      ports: [{ host: 8107, container: 8107, protocol: 'tcp' }],
      health: { port: 8107, path: '/health', healthyDeadlineMs: 300_000 },
      strategy: 'stop-first',
    });
  });

  test('asks for health where HEALTHCHECK asks, and says so', async () => {
    const resolved = await config();
    expect(placement(resolved, 'mainpc', 'brain').health).toEqual({
      path: '/healthz',
      port: 8101,
      exactly: { status: 'ok' },
      minHealthyTimeMs: 10_000,
      healthyDeadlineMs: 60_000,
    });
    expect(resolved.sources['placements.mainpc.brain.health.port']).toBe('brain/Dockerfile:12');
    expect(resolved.sources['placements.mainpc.brain.health.exactly']).toBe('default');
  });

  test('what a service says of its health goes before what is said for all', async () => {
    const rollout = `${ROLLOUT}health: { path: /live, min-healthy-time: 2s }
services:
  brain: { health: { path: /ready, port: 9101 } }
`;
    const resolved = await config({ 'rollout.yml': rollout });
    expect(placement(resolved, 'mainpc', 'brain').health).toMatchObject({ path: '/ready', port: 9101 });
    expect(placement(resolved, 'mainpc', 'bus').health).toMatchObject({ path: '/live', minHealthyTimeMs: 2_000 });
    expect(resolved.sources['placements.mainpc.brain.health.path']).toBe('rollout.yml:11');
  });

  test('has a default for every machine and says that it is one', async () => {
    const { machines, sources } = await config();
    expect(machines[0]).toMatchObject({
      runsOn: ['self-hosted', 'mainpc'],
      profile: 'config/machine-profiles/mainpc.json',
      reach: [],
      engine: 'compose',
      offline: 'fail',
    });
    expect(sources['machines.mainpc.runsOn']).toBe('default');
    expect(sources['machines.mainpc.compose']).toBe('rollout.yml:4');
  });

  test('writes the registry in lower case and says so', async () => {
    const resolved = await resolve({ 'rollout.yml': ROLLOUT.replace('acme/fleet', 'Acme/Fleet') });
    expect(resolved).toMatchObject({ kind: 'resolved', config: { registry: 'ghcr.io/acme/fleet' } });
    expect(resolved.findings).toMatchObject([{ rule: 'RC012', severity: 'warning', line: 2 }]);
  });

  test('another registry is pushed to while names in the files stay what they are', async () => {
    const { registry, images } = await config({}, { registry: '10.0.0.1:5000/acme/fleet' });
    expect(registry).toBe('10.0.0.1:5000/acme/fleet');
    expect(images[0]?.repository).toBe('10.0.0.1:5000/acme/fleet/base');
    expect(images[1]?.parents[0]?.from).toBe('ghcr.io/acme/fleet/base:main');
  });

  test.each([
    ['no image', `  mouth:\n    build: ./mouth\n`],
    ['docker.io/me/mouth:1', `  mouth:\n    build: ./mouth\n    image: docker.io/me/mouth:1\n`],
  ])('says aloud that a service built here with %s is not rolled out', async (got, mouth) => {
    const resolved = await resolve({ 'compose.pc2.yml': `${COMPOSE_PC2}${mouth}` });
    expect(resolved.kind).toBe('resolved');
    expect(resolved.findings).toMatchObject([{ rule: 'RC012', severity: 'warning', file: 'compose.pc2.yml', got }]);
  });

  test('a dependency that compose may miss is no finding', async () => {
    const eyes = COMPOSE_PC2.replace('{ bus: {', '{ ears: { required: false }, bus: {');
    expect((await resolve({ 'compose.pc2.yml': eyes })).findings).toEqual([]);
  });

  test('a dependency on a service of another registry is told, with who must start it', async () => {
    const resolved = await resolve({
      'compose.mainpc.yml': COMPOSE_MAINPC.replace(/depends_on: .*/, 'depends_on: [bus, redis]'),
    });
    const redis = { machine: 'mainpc', service: 'redis', image: 'redis:7', neededBy: ['brain'] };
    expect(resolved).toMatchObject({ kind: 'resolved', config: { leftAlone: [redis] } });
    expect(resolved.findings).toMatchObject([
      {
        ...{ rule: 'RC013', severity: 'warning', breaks: 'start', file: 'compose.mainpc.yml', line: 8 },
        message: 'brain depends on redis, which is not rolled out: nothing here starts it on mainpc',
        cure: 'start it on mainpc yourself: docker compose up -d redis in /srv/fleet',
      },
    ]);
  });

  test('says aloud which keys are not acted on yet', async () => {
    const resolved = await resolve({
      'rollout.yml': `${ROLLOUT}services: { brain: { before: { run: [x], reversible: true } } }\n`,
    });
    expect(resolved.findings).toMatchObject([{ rule: 'RC012', severity: 'warning', line: 9 }]);
  });

  test('every value shown has a source', async () => {
    const { sources, placements } = await config();
    for (const { machine, service } of placements) {
      for (const key of ['image', 'ports', 'gpu', 'stopGraceMs', 'strategy', 'health.path', 'health.exactly']) {
        expect(sources[`placements.${machine}.${service}.${key}`], `${machine} ${service} ${key}`).toBeDefined();
      }
    }
  });
});

describe('a broken configuration says where, what was expected, what was found, and the cure', () => {
  const BREAKS: readonly (readonly [string, Changes, Partial<Finding>])[] = [
    [
      'an unknown key',
      { 'rollout.yml': ROLLOUT.replace('registry:', 'regsitry: x\nregistry:') },
      { rule: 'RC001', line: 2, column: 1, got: 'regsitry', cure: 'did you mean registry?' },
    ],
    [
      'an unknown key deep inside',
      { 'rollout.yml': ROLLOUT.replace('soak: 5m', 'soack: 5m') },
      { rule: 'RC001', line: 8, column: 32, got: 'soack', cure: 'did you mean soak?' },
    ],
    [
      'a duration that is none',
      { 'rollout.yml': ROLLOUT.replace('soak: 5m', 'soak: five') },
      { rule: 'RC002', line: 8, got: 'five' },
    ],
    [
      'a missing key',
      { 'rollout.yml': ROLLOUT.replace('registry: ghcr.io/acme/fleet\n', '') },
      { rule: 'RC002', message: 'registry is missing' },
    ],
    ['a key that stands there twice', { 'rollout.yml': `${ROLLOUT}version: 1\n` }, { rule: 'RC009', line: 9 }],
    [
      'a cycle among families',
      {
        'images/base/Dockerfile': 'FROM ghcr.io/acme/fleet/upper:main\nUSER 1\n',
        'images/upper/Dockerfile': 'FROM ghcr.io/acme/fleet/base:main\nUSER 1\n',
      },
      { rule: 'RC003', file: 'images/base/Dockerfile', line: 1, got: 'base → upper → base' },
    ],
    [
      'a circle in depends_on',
      { 'compose.mainpc.yml': COMPOSE_MAINPC.replace('  bus:\n', '  bus:\n    depends_on: [brain]\n') },
      { rule: 'RC003', file: 'compose.mainpc.yml', got: 'brain → bus → brain' },
    ],
    [
      'a service on an unknown machine',
      { 'rollout.yml': `${ROLLOUT}services: { brain: { machines: [mainpd] } }\n` },
      { rule: 'RC004', line: 9, got: 'mainpd', cure: 'did you mean mainpc?' },
    ],
    [
      'an order with an unknown machine',
      { 'rollout.yml': ROLLOUT.replace('[mainpc, pc2]', '[mainpc, pc2, pc3]') },
      { rule: 'RC004', line: 7, column: 24, got: 'pc3' },
    ],
    [
      'a machine missing in the order',
      { 'rollout.yml': ROLLOUT.replace('[mainpc, pc2]', '[mainpc]') },
      { rule: 'RC004', line: 5, cure: 'add pc2 to rollout.order' },
    ],
    [
      'two services on one port of a machine',
      { 'compose.mainpc.yml': COMPOSE_MAINPC.replace('6379:6379', '8104:6379') },
      { rule: 'RC005', file: 'compose.mainpc.yml', message: 'bus and redis both hold port 8104 of mainpc' },
    ],
    [
      'a published port and one on the network of the host',
      { 'compose.pc2.yml': COMPOSE_PC2.replace('8104:8104', '8107:8104') },
      { rule: 'RC005', message: 'bus and eyes both hold port 8107 of pc2' },
    ],
    [
      'two Dockerfiles for one image',
      { 'old/bus/Dockerfile': 'FROM scratch\n' },
      { rule: 'RC006', message: 'two Dockerfiles could make bus' },
    ],
    [
      'two ports that could answer for health',
      { 'brain/Dockerfile': BRAIN.replace(/HEALTHCHECK.*\n/, '') },
      { rule: 'RC006', got: '8101, 9101' },
    ],
    [
      'two locks in one Dockerfile',
      {
        'brain/extra.lock': '',
        'brain/Dockerfile': BRAIN.replace(
          'RUN pip',
          'COPY brain/extra.lock /x.lock\nRUN pip install -r /x.lock\nRUN pip',
        ),
      },
      { rule: 'RC006', got: 'brain/extra.lock, brain/requirements.lock' },
    ],
    ['no compose file', { 'compose.pc2.yml': undefined }, { rule: 'RC007', file: 'rollout.yml', line: 5 }],
    ['no rollout.yml', { 'rollout.yml': undefined }, { rule: 'RC007', file: 'rollout.yml', line: 1 }],
    ['no Dockerfile', { 'bus/Dockerfile': undefined }, { rule: 'RC007', message: 'no Dockerfile for bus' }],
    [
      'a canary that is not on the canary machine',
      { 'rollout.yml': ROLLOUT.replace('[brain]', '[eyes]') },
      { rule: 'RC008', line: 8, got: 'eyes' },
    ],
    [
      'a dependency that the compose file does not have',
      { 'compose.mainpc.yml': COMPOSE_MAINPC.replace(/depends_on: .*/, 'depends_on: [bus, reddis]') },
      { rule: 'RC008', file: 'compose.mainpc.yml', got: 'reddis', cure: 'did you mean redis?' },
    ],
    [
      'a machine without a service of the fleet',
      { 'compose.pc2.yml': 'services:\n  redis:\n    image: redis:7\n' },
      { rule: 'RC008', file: 'rollout.yml', line: 5, got: 'redis: redis' },
    ],
    [
      'settings for a service nobody has',
      { 'rollout.yml': `${ROLLOUT}services: { brian: { after: [bus] } }\n` },
      { rule: 'RC008', line: 9, got: 'brian', cure: 'did you mean brain?' },
    ],
    [
      'a compose file that is not YAML',
      { 'compose.pc2.yml': 'services:\n  bus: [\n' },
      { rule: 'RC009', file: 'compose.pc2.yml' },
    ],
    [
      'an image name that only the host knows',
      { 'compose.pc2.yml': COMPOSE_PC2.replace('${REGISTRY:-ghcr.io/acme/fleet}', '${REGISTRY}') },
      { rule: 'RC010', file: 'compose.pc2.yml', line: 6 },
    ],
    [
      'a port that only the host knows',
      { 'compose.pc2.yml': COMPOSE_PC2.replace('"8104:8104"', '"${PORT}:8104"') },
      { rule: 'RC010', file: 'compose.pc2.yml', line: 4 },
    ],
    [
      'a Dockerfile that is none',
      { 'bus/Dockerfile': 'just some notes\n' },
      { rule: 'RC011', file: 'bus/Dockerfile', line: 1 },
    ],
  ];

  test.each(BREAKS)('%s', async (_title, changes, expected) => {
    const found = await errors(changes);
    expect(found.length).toBeGreaterThan(0);
    expect(found).toContainEqual(expect.objectContaining(expected));
    for (const finding of found) expect(finding.cure).not.toBe('');
  });

  test('all errors of a file are told at once', async () => {
    const found = await errors({
      'rollout.yml': ROLLOUT.replace('version: 1', 'version: 2\nfoo: 1').replace('5m', 'x'),
    });
    expect(found.map(({ rule }) => rule).toSorted()).toEqual(['RC001', 'RC002', 'RC002']);
  });
});
