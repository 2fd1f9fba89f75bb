import { describe, expect, test } from 'vitest';
import { parseCompose } from '../../../src/config/compose.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { parseRolloutFile } from '../../../src/config/rollout-file.ts';
import { interpolate } from '../../../src/config/variables.ts';
import type { Finding } from '../../../src/documents/findings.ts';
import { repositoryWorld, ROOT, type RepositoryWorld } from '../../fakes/repository-world.ts';
import { COMPOSE_PC2, ROLLOUT, smallFleet } from '../../fakes/small-fleet.ts';

/** What takes the square of its length runs into the test's own limit with so many. */
const MANY = 10_000;

async function findings(given: Partial<RepositoryWorld> & { file?: string }): Promise<readonly Finding[]> {
  const world = repositoryWorld({ files: smallFleet(), ...given });
  return (await resolveConfig(world, { root: ROOT, file: given.file ?? 'rollout.yml' })).findings;
}

describe('files that are no configuration', () => {
  test.each(['rollout.yml', 'compose.pc2.yml'])('%s as a pipe is refused before it is opened', async (path) => {
    expect(await findings({ special: [path] })).toMatchObject([
      { rule: 'RC007', message: `${path} is not a plain file` },
    ]);
  });

  test('a Dockerfile as a pipe is refused before it is opened', async () => {
    expect(await findings({ special: ['bus/Dockerfile'] })).toContainEqual(
      expect.objectContaining({ rule: 'RC007', message: 'bus/Dockerfile is not a plain file' }),
    );
  });

  test.each(['rollout.yml', 'compose.pc2.yml'])('%s of more than a megabyte is refused', async (path) => {
    const files = smallFleet({ [path]: `# ${'x'.repeat(2 ** 20)}\n` });
    expect(await findings({ files })).toMatchObject([
      { rule: 'RC007', message: `${path} is too large`, expected: 'at most 1MiB' },
    ]);
  });

  test.each(['../etc/passwd', '/etc/passwd', 'a/../../passwd'])(
    '--config %s is refused without a word of its content',
    async (file) => {
      const found = await findings({ files: { ...smallFleet(), [file]: 'root:x:0:0' }, file });
      expect(found).toMatchObject([{ rule: 'RC007', message: `${file} is outside the repository` }]);
      expect(JSON.stringify(found)).not.toContain('root:x');
    },
  );

  test('an absolute path into the repository is read', async () => {
    expect(await findings({ file: `${ROOT}/rollout.yml` })).toEqual([]);
  });

  test('a Dockerfile that compose names outside the repository is not read', async () => {
    const files = smallFleet({
      'bus/Dockerfile': undefined,
      '../out/Dockerfile': 'FROM scratch\n',
      'compose.mainpc.yml': undefined,
      'compose.pc2.yml': COMPOSE_PC2.replace('  bus:\n', '  bus:\n    build: ../out\n'),
    });
    expect(await findings({ files })).toContainEqual(
      expect.objectContaining({ rule: 'RC007', message: '../out/Dockerfile is outside the repository' }),
    );
  });
});

describe('size', () => {
  test('ten thousand unknown keys are all told, and it ends', () => {
    const keys = Array.from({ length: MANY }, (_, index) => `k${index}: 1\n`).join('');
    const parsed = parseRolloutFile(`${ROLLOUT}${keys}`, 'rollout.yml');
    expect(parsed.kind === 'broken' && parsed.findings.length).toBe(MANY);
  });

  test('ten thousand services are all read, and it ends', () => {
    const services = Array.from({ length: MANY }, (_, index) => `  s${index}: { ports: [x] }\n`).join('');
    expect(parseCompose(`services:\n${services}`, 'compose.yml').findings).toHaveLength(MANY);
  });

  test('variables nested without end are unknown, and the stack holds', () => {
    const text = `ghcr.io/acme/fleet/bus:${'${A:-'.repeat(5_000)}x${'}'.repeat(5_000)}`;
    expect(interpolate(text)).toMatchObject({ text: undefined, imageName: 'ghcr.io/acme/fleet/bus', tooDeep: true });
  });

  test('braces that never close stay as they are, and it ends', () => {
    expect(interpolate('${'.repeat(200_000)).text).toBe('${'.repeat(200_000));
  });

  test('a port behind variables nested too deep says so', () => {
    const port = `${'${A:-'.repeat(100)}8101${'}'.repeat(100)}:8101`;
    const { findings: found } = parseCompose(`services:\n  bus: { ports: ['${port}'] }\n`, 'compose.yml');
    expect(found).toMatchObject([{ rule: 'RC010', cure: expect.stringContaining('10 deep') }]);
  });
});

describe('names and texts of an attacker', () => {
  test.each(['a\\n::error::x', '::error::x', 'a b', 'ä', '../x'])('a service %j is refused', (name) => {
    const { services, findings: found } = parseCompose(`services:\n  "${name}": { image: x }\n`, 'compose.yml');
    expect(services).toEqual([]);
    expect(found).toMatchObject([{ rule: 'RC002', line: 2, expected: 'letters, digits, _ . and -' }]);
  });

  test('no finding has a line break or another control character in it', async () => {
    const evil = '"a\\n::error::x\\u001b[31m": 1';
    const found = [
      ...parseCompose(`services:\n  ${evil}\n`, 'compose.yml').findings,
      ...(await findings({ files: smallFleet({ 'rollout.yml': `${ROLLOUT}${evil}\nservices: { ${evil} }\n` }) })),
    ];
    expect(found.length).toBeGreaterThan(2);
    for (const { message, expected = '', got = '', cure } of found) {
      expect(`${message}${expected}${got}${cure}`).not.toMatch(/\p{Cc}/u);
    }
  });

  test('a path of a file may not hold a line break', async () => {
    const text = ROLLOUT.replace('compose: compose.pc2.yml', 'compose: "a\\n::error::b.yml"');
    expect(await findings({ files: smallFleet({ 'rollout.yml': text }) })).toMatchObject([{ rule: 'RC002', line: 5 }]);
  });

  test.each([
    ['a list', '[]', 'compose.yml can not be used'],
    ['empty', '', 'compose.yml can not be used'],
    ['without services', 'x: 1', 'services is missing'],
    ['a service that is a text', 'services: { a: b }', 'the value of services.a can not be used'],
    ['ports that are a map', 'services: { a: { ports: {} } }', 'the value of services.a.ports can not be used'],
    [
      'an item that is a list',
      'services: { a: { volumes: [[]] } }',
      'the value of services.a.volumes.0 can not be used',
    ],
  ])('a compose file that is %s is told by name', (_title, text, message) => {
    const { findings: found } = parseCompose(text, 'compose.yml');
    expect(found).toMatchObject([{ rule: 'RC002', message }]);
    expect(JSON.stringify(found)).not.toMatch(/invalid|expected [a-z]+, received/i);
  });
});
