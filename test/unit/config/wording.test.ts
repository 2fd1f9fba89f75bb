import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import type { Finding } from '../../../src/documents/findings.ts';
import { repositoryWorld, ROOT } from '../../fakes/repository-world.ts';
import { COMPOSE_PC2, ROLLOUT, smallFleet } from '../../fakes/small-fleet.ts';

type Changes = Readonly<Record<string, string | undefined>>;

async function findings(changes: Changes, file = 'rollout.yml'): Promise<readonly Finding[]> {
  return (await resolveConfig(repositoryWorld({ files: smallFleet(changes) }), { root: ROOT, file })).findings;
}

const rollout = (text: string, instead: string): Changes => ({ 'rollout.yml': ROLLOUT.replace(text, instead) });
const withServices = (services: string): Changes => ({ 'rollout.yml': `${ROLLOUT}services: { ${services} }\n` });

describe('a value that can not be used is told with its form and an example', () => {
  const CASES: readonly (readonly [string, Changes, Partial<Finding>])[] = [
    [
      'a duration without its unit',
      rollout('soak: 5m', 'soak: 5'),
      {
        message: 'the value of rollout.canary.soak can not be used',
        expected: 'a duration such as 250ms, 10s, 5m or 1m30s',
        got: '5',
        cure: 'write it like this: soak: 5m',
      },
    ],
    [
      'a text where a list belongs',
      rollout('[brain]', 'brain'),
      { expected: 'a list', got: 'brain', cure: 'write it like this: services: [model_ops_coordinator]' },
    ],
    [
      'a folder that is not absolute',
      rollout('directory: /srv/fleet', 'directory: srv/fleet'),
      { expected: 'a path on the host that starts with /', cure: 'write it like this: directory: /srv/fleet' },
    ],
    [
      'a path out of the repository',
      rollout('compose: compose.mainpc.yml', 'compose: ../compose.mainpc.yml'),
      { expected: 'a path inside the repository, relative to its root' },
    ],
    [
      'a missing key at the top',
      rollout('registry: ghcr.io/acme/fleet\n', ''),
      { message: 'registry is missing', cure: 'add this line: registry: ghcr.io/acme/fleet' },
    ],
    [
      'a missing key inside a map',
      rollout('order: [mainpc, pc2]', ''),
      { message: 'rollout.order is missing', cure: 'add this under rollout: order: [mainpc, pc2]' },
    ],
    [
      'a word that is none of the known',
      withServices('brain: { strategy: blue-green }'),
      { expected: 'one of auto, start-first, stop-first, supervisor', cure: 'write it like this: strategy: auto' },
    ],
    [
      'a version of the future',
      rollout('version: 1', 'version: 2'),
      { expected: '1', cure: 'write it like this: version: 1' },
    ],
    [
      'a port that is none',
      withServices('brain: { health: { port: 70000 } }'),
      { expected: 'a number of at most 65535', cure: 'write it like this: port: 8101' },
    ],
    [
      'a list without an item',
      rollout('[mainpc, pc2]', '[]'),
      { expected: 'a list of at least 1 item', cure: 'write it like this: order: [mainpc, pc2]' },
    ],
    [
      'an item of a list',
      rollout('[brain]', '[{}]'),
      { got: '{}', cure: 'write it like this: services: [model_ops_coordinator]' },
    ],
    [
      'a name that is none',
      rollout('  pc2: {', '  "pc 2": {'),
      {
        message: 'pc 2 can not be a name in machines',
        expected: 'letters, digits, _ . and -, a letter or digit first',
      },
    ],
    [
      'a runner that is neither text nor list',
      { 'rollout.yml': `${ROLLOUT}build: { on: 3 }\n` },
      { expected: 'a label, or a list of labels' },
    ],
    [
      'a file that is a list',
      { 'rollout.yml': '- a\n' },
      { message: 'rollout.yml can not be used', expected: 'a map' },
    ],
    [
      'a registry with a scheme',
      rollout('registry: ghcr', 'registry: https://ghcr'),
      {
        rule: 'RC002',
        expected: 'a registry without https://, such as ghcr.io/acme/fleet',
        got: 'https://ghcr.io/acme/fleet',
        cure: 'write it like this: registry: ghcr.io/acme/fleet',
      },
    ],
  ];

  test.each(CASES)('%s', async (_title, changes, expected) => {
    const found = await findings(changes);
    expect(found).toContainEqual(expect.objectContaining(expected));
    for (const { message, expected: form = '' } of found) {
      expect(`${message} ${form}`).not.toMatch(/\ba array|invalid|expected |start with "/i);
    }
  });

  test.each([
    'ghcr.io/a b',
    'gh cr.io/acme',
    'ghcr.io/..',
    '../acme',
    'ghcr.io/acme//fleet',
    'ghcr.io:x/acme',
    'ghcr.io/acme:main',
  ])('registry: %s is refused', async (registry) => {
    const found = await findings(rollout('ghcr.io/acme/fleet', `'${registry}'`));
    expect(found).toContainEqual(expect.objectContaining({ rule: 'RC002', line: 2, got: registry }));
  });

  test.each(['https://ghcr.io/acme', 'ghcr.io/a b', '10.0.0.1:5000/../x'])(
    '--registry %s is refused as a usage fault',
    async (registry) => {
      const world = repositoryWorld({ files: smallFleet() });
      await expect(resolveConfig(world, { root: ROOT, file: 'rollout.yml', registry })).rejects.toMatchObject({
        code: 'usage',
        detail: { found: registry },
      });
    },
  );
});

describe('what is not where it was looked for', () => {
  test('rollout.yaml beside a missing rollout.yml is suggested', async () => {
    const found = await findings({ 'rollout.yml': undefined, 'rollout.yaml': ROLLOUT });
    expect(found).toMatchObject([
      { rule: 'RC007', got: 'rollout.yaml', cure: 'rename it to rollout.yml, or say --config rollout.yaml' },
    ]);
  });

  test('a repository that does not exist is a usage fault', async () => {
    const world = repositoryWorld({ files: smallFleet() });
    await expect(resolveConfig(world, { root: '/nope', file: 'rollout.yml' })).rejects.toMatchObject({
      code: 'usage',
      message: 'there is no folder /nope',
    });
  });

  test.each(['https://ghcr.io/acme/fleet', 'ghcr.io/acme/fleet:main', 'ghcr.io/acme fleet'])(
    'registry: %s is one error, at the value',
    async (registry) => {
      expect(await findings(rollout('ghcr.io/acme/fleet', `'${registry}'`))).toMatchObject([
        { rule: 'RC002', line: 2, column: 11 },
      ]);
    },
  );

  test('a canary that is no service breaks no build: nobody watches what goes first', async () => {
    expect(await findings(rollout('[brain]', '[brian]'))).toMatchObject([{ rule: 'RC008', breaks: 'policy' }]);
  });

  test('a service whose image is not under the registry: both are shown', async () => {
    const found = await findings({
      'compose.pc2.yml': COMPOSE_PC2.replace('fleet}/eyes', 'flete}/eyes'),
      ...withServices('eyes: { vram: 1GiB }'),
    });
    expect(found).toContainEqual(
      expect.objectContaining({
        rule: 'RC008',
        message: 'eyes is in compose.pc2.yml, but its image is not under the registry',
        expected: 'an image under ghcr.io/acme/fleet',
        got: 'ghcr.io/acme/flete/eyes',
      }),
    );
  });

  test('a machine whose images all lie elsewhere: each image found, and the registry expected', async () => {
    const found = await findings(rollout('ghcr.io/acme/fleet', 'ghcr.io/acme/flotte'));
    expect(found).toContainEqual(
      expect.objectContaining({
        rule: 'RC008',
        message: 'pc2 has no service of the fleet',
        expected: 'a service in compose.pc2.yml whose image lies under ghcr.io/acme/flotte',
        got: 'bus: ghcr.io/acme/fleet/bus, eyes: ghcr.io/acme/fleet/eyes',
      }),
    );
  });
});

describe('YAML that is none is told in words of this program', () => {
  test.each([
    ['a: [1\nb: 2\n', 'a bracket is not closed'],
    ['a: {b\n', 'a bracket is not closed'],
    ["a: 'b\n", 'a quote is not closed'],
    ['\ta: b\n', 'a tab stands where spaces must'],
    ['a: b: c\n', 'a second "key: value" stands in one line'],
    ['a: b\n---\nc: d\n', 'the file holds more than one document'],
    ['a: @b\n', 'a value begins with a character that YAML reserves'],
    ['a: *b\n', 'an alias (*name) has no anchor (&name) before it'],
    ['a: "x\\q"\n', 'a backslash in double quotes begins no known escape'],
  ])('%j', async (text, message) => {
    const found = await findings({ 'rollout.yml': text });
    expect(found[0]).toMatchObject({ rule: 'RC009', message });
    expect(JSON.stringify(found)).not.toMatch(/parseAllDocuments|implicit|flow |collection|call stack/i);
  });

  test('values nested too deep', async () => {
    const found = await findings({ 'rollout.yml': '['.repeat(20_000) });
    expect(found).toMatchObject([{ rule: 'RC009', message: 'values are nested too deep' }]);
  });
});
