import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { planSchema, type Plan } from '../../../src/documents/plan.ts';
import type { Release } from '../../../src/documents/release.ts';
import { parseDigest } from '../../../src/images/reference.ts';
import { matrices } from '../../../src/plan/deployment.ts';
import { sourceAddress } from '../../../src/plan/history.ts';
import { plan, type PlanOptions } from '../../../src/plan/plan.ts';
import { gitAnswers, type GitState } from '../../fakes/git.ts';
import { repositoryWorld, ROOT } from '../../fakes/repository-world.ts';
import { ROLLOUT, smallFleet } from '../../fakes/small-fleet.ts';

type Files = Record<string, string>;
const OLD = '1'.repeat(40);
const HEAD = '9'.repeat(40);

async function planOf(files: Files, git: Partial<GitState> = {}, options: Partial<PlanOptions> = {}): Promise<Plan> {
  const world = repositoryWorld({ files, answer: gitAnswers(files, { head: HEAD, ...git }) });
  const resolved = await resolveConfig(world, { root: ROOT, file: 'rollout.yml' });
  if (resolved.kind === 'broken') throw new Error(JSON.stringify(resolved.findings));
  return plan(world, { root: ROOT, config: resolved.config, ...options });
}

function releaseOf(made: Plan): Release {
  const { registry, tag, deployment, createdAt } = made;
  const images = made.build.map(({ name, image, kind, machine, repository, tag: itsTag, expected }, index) => ({
    ...{ name, image, kind, repository, tag: itsTag, expected, origin: 'built' as const },
    ...(machine === undefined ? {} : { machine }),
    digest: parseDigest(`sha256:${String(index).padStart(64, '0')}`),
  }));
  return { schema: 'rollout/release', version: 1, createdAt, revision: OLD, registry, tag, images, deployment };
}

async function replan(changes: Files, options: Partial<PlanOptions> = {}, git: Partial<GitState> = {}): Promise<Plan> {
  const previous = releaseOf(await planOf(smallFleet()));
  const changed = Object.keys(changes);
  return planOf(smallFleet(changes), { changedSince: { [OLD]: changed }, ...git }, { previous, ...options });
}

const names = (targets: readonly { name: string }[]): string[] => targets.map(({ name }) => name);
const target = (made: Plan, name: string) => made.build.find((one) => one.name === name)!;

describe('a first plan', () => {
  test('is a valid document that builds everything, parents first', async () => {
    const made = await planOf(smallFleet());
    expect(planSchema.parse(made)).toEqual(made);
    expect(names(made.build)).toEqual(['base', 'brain-mainpc', 'bus', 'eyes-pc2']);
    expect(target(made, 'bus').reasons).toEqual(['first release']);
  });

  test('tags with the day in UTC and seven digits of the commit, the machine behind it', async () => {
    const made = await planOf(smallFleet());
    expect(made.tag).toBe('20261123-9999999');
    expect(target(made, 'bus').tag).toBe('20261123-9999999');
    expect(target(made, 'brain-mainpc').tag).toBe('20261123-9999999-mainpc');
  });

  test('links children to their parents by the very text of FROM', async () => {
    expect(target(await planOf(smallFleet()), 'brain-mainpc').contexts).toEqual([
      { from: 'ghcr.io/acme/fleet/base:main', is: { kind: 'target', target: 'base' } },
    ]);
  });

  test('passes MACHINE to variants, REVISION to who asks for it, nothing to others', async () => {
    const made = await planOf(smallFleet());
    expect(target(made, 'brain-mainpc').arguments).toEqual({ MACHINE: 'mainpc', REVISION: HEAD });
    expect(target(made, 'bus').arguments).toEqual({});
  });

  test('expects of an image what its Dockerfile and its parents say', async () => {
    const made = await planOf(smallFleet(), { remote: 'git@github.com:acme/fleet.git' });
    expect(target(made, 'brain-mainpc').expected).toMatchObject({
      machine: 'mainpc',
      service: 'brain',
      user: '10001:10001',
      entrypoint: ['/usr/bin/tini', '--'],
      command: ['python', '-m', 'brain'],
      exposedPorts: ['8101/tcp', '9101/tcp'],
      labels: {
        'org.opencontainers.image.source': 'https://github.com/acme/fleet',
        'org.opencontainers.image.revision': HEAD,
        'io.rollout.machine': 'mainpc',
        'io.rollout.health-port': '8101',
      },
    });
    expect(target(made, 'base').expected).not.toHaveProperty('service');
  });

  test('names as revision the last commit that touched what the image is made from', async () => {
    const commits = [
      { sha: HEAD, paths: ['README.md', 'rollout.yml'] },
      { sha: 'b'.repeat(40), paths: ['bus/app.py'] },
      { sha: 'c'.repeat(40), paths: ['images/base/tool'] },
      { sha: 'd'.repeat(40), paths: ['config/machine-profiles/pc2.json'] },
    ];
    const made = await planOf(smallFleet(), { commits });
    const revision = (name: string) => target(made, name).labels['org.opencontainers.image.revision']?.[0];
    expect(['base', 'brain-mainpc', 'bus', 'eyes-pc2'].map(revision)).toEqual(['c', 'c', 'b', 'c']);
  });
});

test('a previous release of another registry is told as one, since its digests are not in this one', async () => {
  const previous = { ...releaseOf(await planOf(smallFleet())), registry: 'ghcr.io/acme/old' };
  const images = previous.images.map((one) => ({ ...one, repository: `ghcr.io/acme/old/${one.image}` }));
  const made = await planOf(smallFleet(), { changedSince: { [OLD]: [] } }, { previous: { ...previous, images } });
  expect(target(made, 'bus').reasons).toEqual([
    'release 20261123-9999999 is of another registry: ghcr.io/acme/old, not ghcr.io/acme/fleet',
  ]);
});

describe('with a previous release', () => {
  const CASES: readonly (readonly [string, Files, string[]])[] = [
    ['nothing changed: nothing is built', {}, []],
    ['a service: it alone', { 'bus/app.py': 'new' }, ['bus']],
    ['a family: it and all built on it', { 'images/base/tool': 'new' }, ['base', 'brain-mainpc', 'bus', 'eyes-pc2']],
    ['the profile of one machine: its variants only', { 'config/machine-profiles/pc2.json': '{}' }, ['eyes-pc2']],
    ['a lock: the image with it', { 'brain/requirements.lock': 'six==2' }, ['brain-mainpc']],
    ['a Dockerfile', { 'eyes/Dockerfile': `${smallFleet()['eyes/Dockerfile']}USER 1\n` }, ['eyes-pc2']],
    [
      'compose, rollout.yml and mounted configuration build nothing',
      {
        'compose.pc2.yml': `${smallFleet()['compose.pc2.yml']}# more\n`,
        'rollout.yml': `${ROLLOUT}# more\n`,
        'config/brain.json': '{"depth":4}',
      },
      [],
    ],
    ['a file no Dockerfile reads', { 'brain/README.md': 'x' }, []],
    ['an argument in rollout.yml', { 'rollout.yml': `${ROLLOUT}images: { bus: { args: { A: b } } }\n` }, ['bus']],
    [
      'what .dockerignore keeps out',
      { '.dockerignore': '*.md\n**/*.md\n', 'bus/README.md': 'x' },
      ['bus', 'brain-mainpc', 'base', 'eyes-pc2'],
    ],
  ];

  test.each(CASES)('%s', async (_title, changes, built) => {
    const made = await replan(changes);
    expect(names(made.build).toSorted()).toEqual(built.toSorted());
    expect(names([...made.build, ...made.kept])).toHaveLength(4);
    for (const { reasons } of made.build) expect(reasons.length).toBeGreaterThan(0);
  });

  test('an ignored file changes nothing once .dockerignore is there', async () => {
    const files = { '.dockerignore': '**/*.md\n' };
    const previous = releaseOf(await planOf(smallFleet(files)));
    const made = await planOf(
      smallFleet({ ...files, 'bus/README.md': 'x' }),
      { changedSince: { [OLD]: [] } },
      { previous },
    );
    expect(made.build).toEqual([]);
  });

  test('a kept parent is linked by digest, and kept images carry theirs and the new tag', async () => {
    const made = await replan({ 'bus/app.py': 'new' });
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(target(made, 'bus').contexts).toEqual([
      {
        from: 'ghcr.io/acme/fleet/base:main',
        is: { kind: 'image', reference: `ghcr.io/acme/fleet/base@${digest}` },
      },
    ]);
    expect(made.kept[0]).toMatchObject({ name: 'base', digest, tag: made.tag });
  });

  test('says why: the path, the parent, or that a path was said to have changed', async () => {
    const made = await replan({ 'images/base/tool': 'new', 'bus/app.py': 'new' });
    expect(target(made, 'base').reasons).toEqual(['images/base/tool changed']);
    expect(target(made, 'bus').reasons).toEqual(['bus/app.py changed', 'base is built']);
    const forced = await replan({}, { changed: ['eyes/Dockerfile'] });
    expect(names(forced.build)).toEqual(['eyes-pc2']);
    expect(forced.build[0]?.reasons).toEqual(['eyes/Dockerfile is said to have changed']);
  });

  test('a clone without the former commit still finds what changed, by hash', async () => {
    const made = await replan({ 'bus/app.py': 'new' }, {}, { changedSince: {} });
    expect(names(made.build)).toEqual(['bus']);
    expect(made.build[0]?.reasons).toEqual(['what it is made from differs from release 20261123-9999999']);
  });

  test('another registry keeps nothing', async () => {
    const previous = releaseOf(await planOf(smallFleet()));
    const moved = {
      ...previous,
      images: previous.images.map((one) => ({ ...one, repository: `elsewhere.io/${one.image}` })),
    };
    const made = await planOf(smallFleet(), { changedSince: { [OLD]: [] } }, { previous: moved });
    expect(made.kept).toEqual([]);
  });

  test('whatever changes, every target is built or kept, and who is built on what is built is built', async () => {
    const paths = Object.keys(smallFleet()).filter((path) => !path.endsWith('Dockerfile') && !path.endsWith('.yml'));
    await fc.assert(
      fc.asyncProperty(fc.subarray(paths), async (changed) => {
        const made = await replan(Object.fromEntries(changed.map((path) => [path, 'other'])));
        const built = new Set(names(made.build));
        expect(names([...made.build, ...made.kept]).toSorted()).toEqual(['base', 'brain-mainpc', 'bus', 'eyes-pc2']);
        expect(built.has('base')).toBe(changed.includes('images/base/tool'));
        if (built.has('base')) expect(built.size).toBe(4);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the deployment', () => {
  test('waves: canary, the rest of its machine, then the other machines in order, each in its own order', async () => {
    const { deployment } = await planOf(smallFleet());
    expect(deployment.waves).toEqual([
      { name: 'canary on mainpc', kind: 'canary', machine: 'mainpc', services: ['brain'], soakMs: 300_000 },
      { name: 'rest of mainpc', kind: 'batch', machine: 'mainpc', services: ['bus'], soakMs: 0 },
      { name: 'pc2', kind: 'batch', machine: 'pc2', services: ['bus', 'eyes'], soakMs: 0 },
    ]);
  });

  test('a machine whose every service is a canary has no empty wave after it', async () => {
    const files = smallFleet({ 'rollout.yml': ROLLOUT.replace('[brain]', '[brain, bus]') });
    const { deployment } = await planOf(files);
    expect(deployment.waves.map(({ name, services }) => [name, services])).toEqual([
      ['canary on mainpc', ['bus', 'brain']],
      ['pc2', ['bus', 'eyes']],
    ]);
  });

  test('compose files and mounted files of the repository travel, nothing else does', async () => {
    const { deployment } = await planOf(smallFleet());
    expect(deployment.files.map(({ machine, path }) => `${machine}: ${path}`)).toEqual([
      'mainpc: compose.mainpc.yml',
      'mainpc: config/brain.json',
      'pc2: compose.pc2.yml',
    ]);
    expect(Buffer.from(deployment.files[1]?.contentBase64 ?? '', 'base64').toString()).toBe('{"depth":3}');
  });

  test('the matrix has one row per built target and one per wave', async () => {
    expect(matrices(await planOf(smallFleet()))).toMatchObject({
      build: { include: [{ target: 'base' }, { target: 'brain-mainpc', machine: 'mainpc' }, {}, {}] },
      cutover: {
        include: [
          { machine: 'mainpc', runs_on: ['self-hosted', 'mainpc'], services: 'brain', wave: 'canary on mainpc' },
          { wave: 'rest of mainpc' },
          { machine: 'pc2', services: 'bus,eyes' },
        ],
      },
    });
  });
});

describe('bad input', () => {
  test('no git repository: says so and what to do', async () => {
    await expect(planOf(smallFleet(), { broken: true })).rejects.toMatchObject({
      code: 'input',
      message: `${ROOT} is not in a git repository`,
      detail: { cure: expect.stringContaining('git init') },
    });
  });

  test('a --since that this clone does not have', async () => {
    await expect(planOf(smallFleet(), {}, { since: 'v9' })).rejects.toMatchObject({
      code: 'usage',
      detail: { found: 'v9' },
    });
  });

  test('a tag template that makes no tag', async () => {
    const files = smallFleet({ 'rollout.yml': `${ROLLOUT}tag: 'v {sha}'\n` });
    await expect(planOf(files)).rejects.toMatchObject({ code: 'input', detail: { where: 'rollout.yml:9' } });
  });
});

test.each([
  ['git@github.com:acme/fleet.git', 'https://github.com/acme/fleet'],
  ['https://user:token@github.com/acme/fleet.git', 'https://github.com/acme/fleet'],
  ['ssh://git@github.com/acme/fleet', 'https://github.com/acme/fleet'],
  ['/srv/git/fleet', undefined],
])('the source of %s is %s', (remote, expected) => {
  expect(sourceAddress(remote)).toBe(expected);
});
