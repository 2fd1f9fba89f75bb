import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bakeCommand } from '../../../src/build/command.ts';
import { bakeDefinition, bakeName } from '../../../src/build/definition.ts';
import { DIGEST, buildTarget, planWith } from '../../fakes/plans.ts';

const options = { buildArguments: {}, secrets: [], cache: true };

describe('the bake definition', () => {
  test('links parents built here as targets and kept ones by digest', () => {
    const kept = `ghcr.io/acme/fleet/base@${DIGEST}`;
    const plan = planWith([buildTarget('web', [kept]), buildTarget('brain-mainpc', ['web'])]);
    const { target } = bakeDefinition({ ...options, plan });
    expect(target['web']?.contexts).toEqual({
      'ghcr.io/acme/fleet/ghcr.io/acme/fleet/base:main': `docker-image://${kept}`,
    });
    expect(target['brain-mainpc']?.contexts).toEqual({ 'ghcr.io/acme/fleet/web:main': 'target:web' });
  });

  test('puts every target into the group, families too: else they would not be pushed', () => {
    const plan = planWith([buildTarget('base'), buildTarget('web', ['base'])]);
    expect(bakeDefinition({ ...options, plan }).group.default.targets).toEqual(['base', 'web']);
  });

  test('pushes by digest, with one constant epoch, for one platform', () => {
    const web = bakeDefinition({ ...options, plan: planWith([buildTarget('web')]) }).target['web'];
    expect(web).toMatchObject({
      output: [
        'type=image,name=ghcr.io/acme/fleet/web,push-by-digest=true,name-canonical=true,push=true,oci-mediatypes=true,rewrite-timestamp=true,store=false',
      ],
      args: { SOURCE_DATE_EPOCH: '1704067200' },
      platforms: ['linux/amd64'],
      labels: { 'org.opencontainers.image.title': 'web' },
    });
  });

  test('the arguments of a target go before those given for all, and the epoch before both', () => {
    const target = buildTarget('web', [], { arguments: { MACHINE: 'pc2', A: 'own' } });
    const given = { A: 'all', B: 'all', SOURCE_DATE_EPOCH: '1' };
    const { args } = bakeDefinition({ ...options, plan: planWith([target]), buildArguments: given }).target['web']!;
    expect(args).toEqual({ MACHINE: 'pc2', A: 'own', B: 'all', SOURCE_DATE_EPOCH: '1704067200' });
  });

  test('a Dockerfile is named relative to its context', () => {
    const target = buildTarget('web', [], { context: 'services', dockerfile: 'services/web/Dockerfile' });
    expect(bakeDefinition({ ...options, plan: planWith([target]) }).target['web']?.dockerfile).toBe('web/Dockerfile');
  });

  test('secrets are named, their values are nowhere', () => {
    const plan = planWith([buildTarget('web')]);
    const made = bakeDefinition({ ...options, plan, secrets: [{ id: 'hf_token', variable: 'HF_TOKEN' }] });
    expect(made.target['web']?.secret).toEqual(['id=hf_token,env=HF_TOKEN']);
  });

  test('without the registry cache nothing is read from it or written to it', () => {
    const web = bakeDefinition({ ...options, cache: false, plan: planWith([buildTarget('web')]) }).target['web'];
    expect(Object.keys(web ?? {}).filter((key) => key.startsWith('cache'))).toEqual([]);
  });

  test('no two targets write one cache', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9_.-]{0,12}$/), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(names, (all) => {
        const { target } = bakeDefinition({ ...options, plan: planWith(all.map((name) => buildTarget(name))) });
        const refs = Object.values(target).flatMap((one) => one['cache-to'] ?? []);
        expect(new Set(refs).size).toBe(refs.length);
      }),
    );
  });

  test('names two targets differently even where a dot is not allowed', () => {
    expect(bakeName('a.b')).not.toBe(bakeName('a_b'));
    expect(bakeName('family-torch-cu121')).toBe('family-torch-cu121');
  });
});

test('the command is an argv: definition on standard input, metadata to a file, builder by name', () => {
  expect(bakeCommand({ builder: 'fleet', metadataFile: '/tmp/m.json', noCache: true })).toEqual([
    ...['docker', 'buildx', 'bake', '--file', '-', '--metadata-file', '/tmp/m.json', '--progress', 'rawjson'],
    ...['--builder', 'fleet', '--no-cache'],
  ]);
});
