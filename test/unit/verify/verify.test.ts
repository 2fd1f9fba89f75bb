import { describe, expect, test } from 'vitest';
import type { Release } from '../../../src/documents/release.ts';
import { verificationSchema } from '../../../src/documents/verification.ts';
import { verify } from '../../../src/verify/verify.ts';
import {
  error,
  FakeRegistry,
  INDEX,
  pushImage,
  sha256,
  text,
  worldOf,
  type ImageToPush,
} from '../../fakes/registry.ts';
import { releaseOf } from '../../fakes/release.ts';

const GOOD = {
  User: '10001:10001',
  Entrypoint: ['/usr/bin/tini', '--'],
  Cmd: ['python', '-m', 'app'],
  Healthcheck: { Test: ['CMD', 'python', '-m', 'probe'] },
  ExposedPorts: { '8080/tcp': {} },
  Labels: { 'org.opencontainers.image.revision': 'abc', machine: 'mainpc' },
  Env: ['PATH=/usr/bin'],
};
const EXPECTED = {
  service: 'app',
  user: '10001:10001',
  entrypoint: ['/usr/bin/tini', '--'],
  command: ['python', '-m', 'app'],
  healthcheck: ['CMD', 'python', '-m', 'probe'],
  exposedPorts: ['8080/tcp'],
  labels: { 'org.opencontainers.image.revision': 'abc', machine: 'mainpc' },
};

function given(toPush: Partial<ImageToPush> = {}) {
  const fake = new FakeRegistry();
  const pushed = pushImage(fake, { name: 'app', config: GOOD, expected: EXPECTED, ...toPush });
  const world = worldOf(fake);
  const one = async (tags = false) => {
    const verification = await verify(world, { release: releaseOf([pushed.image]), tags });
    verificationSchema.parse(verification);
    return verification.images[0]!;
  };
  return { fake, pushed, world, one };
}

const ruled = (image: { checks: readonly { rule: string; verdict: string }[] }, verdict: string) =>
  image.checks.filter((check) => check.verdict === verdict).map(({ rule }) => rule);

describe('an image that is whole', () => {
  test('is present, with its manifests, layers and checks', async () => {
    const { one, pushed, fake } = given();
    const image = await one();
    expect(image).toMatchObject({ verdict: 'present', platformDigest: pushed.child, configDigest: pushed.config });
    expect(image.layers).toBe(2);
    expect(image.bytes).toBe(['layer 1 of app', 'layer 2 of app'].join('').length);
    expect(ruled(image, 'pass')).toEqual(['I01', 'I02', 'I03', 'I04', 'I05', 'I06', 'I07', 'I07']);
    // ping, index, child, attestation, configuration, two layers
    expect(fake.seen).toHaveLength(7);
  });

  test('may be a single manifest without an index', async () => {
    const { fake, pushed, world } = given();
    const release = releaseOf([{ ...pushed.image, digest: pushed.child }]);
    expect(await verify(world, { release })).toMatchObject({ verdict: 'present' });
    expect(fake.seen).toHaveLength(5);
  });

  test('may be as Docker writes it, and have foreign layers that no registry holds', async () => {
    const foreign = { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', size: 9 };
    const { fake, world, pushed } = given({
      alterChild: (manifest) => {
        manifest['mediaType'] = 'application/vnd.docker.distribution.manifest.v2+json';
        const [first] = manifest['layers'] as unknown[];
        manifest['layers'] = [first, { ...foreign, digest: `sha256:${'f'.repeat(64)}` }];
      },
    });
    const stored = fake.manifests.get(`acme/app/${pushed.child}`)!;
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
    fake.manifests.set(`acme/app/${pushed.child}`, { ...stored, mediaType });
    const release = releaseOf([{ ...pushed.image, digest: pushed.child }]);
    expect(await verify(world, { release })).toMatchObject({ verdict: 'present' });
  });

  test('is held to its labels and platform alone when it is a family', async () => {
    const family = { ...GOOD, User: '0', Entrypoint: null, Cmd: null, Healthcheck: null };
    const { service: _service, ...expected } = EXPECTED;
    expect(ruled(await given({ kind: 'family', config: family, expected }).one(), 'pass')).toEqual([
      'I01',
      'I07',
      'I07',
    ]);
  });
});

describe('an image that is not whole', () => {
  test.each(['index', 'child', 'attestation', 'config'] as const)('is absent when its %s was deleted', async (part) => {
    const { fake, pushed, one } = given();
    fake.manifests.delete(`acme/app/${pushed[part]}`);
    fake.blobs.delete(`acme/app/${pushed[part]}`);
    expect(await one()).toMatchObject({ verdict: 'absent', message: expect.stringContaining(pushed[part]) });
  });

  test('is absent when layers were deleted, and every one of them is named', async () => {
    const { fake, pushed, one } = given();
    for (const layer of pushed.layers) fake.blobs.delete(`acme/app/${layer}`);
    const image = await one();
    expect(image.verdict).toBe('absent');
    for (const layer of pushed.layers) expect(image.message).toContain(layer);
  });

  test('is absent rather than unknown when one layer is proven gone and another can not be seen', async () => {
    const { fake, pushed, one } = given();
    fake.blobs.delete(`acme/app/${pushed.layers[0]}`);
    fake.interfere = ({ url }) => (url.includes(pushed.layers[1]!) ? text(500, '') : undefined);
    expect((await one()).verdict).toBe('absent');
  });

  test('is unknown and not absent when a layer can not be seen', async () => {
    const { fake, pushed, one } = given();
    fake.interfere = ({ url }) => (url.includes(pushed.layers[1]!) ? text(429, '') : undefined);
    expect((await one()).verdict).toBe('unknown');
  });
});

describe('an image that is not as planned', () => {
  test.each<[string, Record<string, unknown>, string, string]>([
    ['its user', { User: 'root' }, 'I02', 'root'],
    ['no user', { User: '' }, 'I02', ''],
    ['its entrypoint', { Entrypoint: ['tini', '--'] }, 'I03', '["tini","--"]'],
    ['its command', { Cmd: ['python app.py'] }, 'I04', '["python app.py"]'],
    ['no health check', { Healthcheck: undefined }, 'I05', '[]'],
    ['its ports', { ExposedPorts: { '8080/tcp': {}, '9090/tcp': {} } }, 'I06', '["8080/tcp","9090/tcp"]'],
    ['a label', { Labels: { ...GOOD.Labels, machine: 'pc2' } }, 'I07', 'pc2'],
  ])('%s: wrong, with expected, got and a cure', async (_name, change, rule, got) => {
    const image = await given({ config: { ...GOOD, ...change } }).one();
    expect(image.verdict).toBe('wrong');
    expect(ruled(image, 'fail')).toEqual([rule]);
    const failed = image.checks.find(({ verdict }) => verdict === 'fail');
    expect(failed).toMatchObject({ got, cure: expect.stringMatching(/\w/) });
    expect(image.message).toContain(rule);
  });

  test('every failed check is told, not the first alone', async () => {
    const image = await given({ config: {} }).one();
    expect(ruled(image, 'fail')).toEqual(['I02', 'I03', 'I04', 'I05', 'I06', 'I07', 'I07']);
  });

  test('what looks like a secret is a warning that never shows it', async () => {
    const Env = ['API_KEY=sk-123456789', 'TOKENIZERS_PARALLELISM=false-false', 'DB_PASSWORD_FILE=/run/secrets/db'];
    const image = await given({
      config: { ...GOOD, Env: [...Env, 'PAD_TOKEN=<pad>', 'CUDA_VISIBLE_DEVICES=0'] },
    }).one();
    expect(image.verdict).toBe('present');
    const warned = image.checks.filter(({ verdict }) => verdict === 'warn').map(({ message }) => message);
    expect(warned).toEqual([expect.stringContaining('API_KEY'), expect.stringContaining('CUDA_VISIBLE_DEVICES')]);
    expect(JSON.stringify(image)).not.toContain('sk-123456789');
  });
});

describe('manifests that contradict themselves', () => {
  const amd64 = { os: 'linux', architecture: 'amd64' };
  test.each<[string, (manifests: Record<string, unknown>[]) => void, string]>([
    [
      'another platform',
      ([child]) => void (child!['platform'] = { os: 'linux', architecture: 'arm64' }),
      'linux/arm64',
    ],
    ['two platforms', (all) => void all.push({ ...all[0]!, platform: { ...amd64, variant: 'v3' } }), 'linux/amd64/v3'],
    ['the platform twice', (all) => void all.push(all[0]!), 'linux/amd64, linux/amd64'],
    ['no runnable child', (all) => void all.shift(), 'no runnable image'],
    [
      'an unknown platform without the annotation',
      ([, other]) => void Object.assign(other!, { annotations: {} }),
      'unknown/unknown',
    ],
    ['an index inside', ([child]) => void (child!['mediaType'] = INDEX), 'nested'],
    ['a child of another size', ([child]) => void (child!['size'] = 1), 'bytes'],
    [
      'a child of another type',
      ([child]) => void (child!['mediaType'] = 'application/vnd.docker.distribution.manifest.v2+json'),
      'application/vnd.oci.image.manifest.v1+json',
    ],
    [
      'an attestation of nothing here',
      ([, other]) => {
        const digest = `sha256:${'a'.repeat(64)}`;
        other!['annotations'] = { 'vnd.docker.reference.type': 'x', 'vnd.docker.reference.digest': digest };
      },
      'aaaa',
    ],
  ])('%s: wrong by I01', async (_name, alterIndex, got) => {
    const image = await given({ alterIndex }).one();
    expect(image.verdict).toBe('wrong');
    expect(ruled(image, 'fail')).toEqual(['I01']);
    expect(image.checks[0]?.got).toContain(got);
  });

  test('a manifest that is an index and an image at once, or neither', async () => {
    for (const alter of [{ manifests: [] }, { layers: undefined }, { mediaType: INDEX }, { schemaVersion: 1 }]) {
      const { fake, pushed, world } = given();
      const { mediaType, bytes } = fake.manifests.get(`acme/app/${pushed.child}`)!;
      const confused = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(bytes).toString()), ...alter }));
      const type = alter.mediaType ?? mediaType;
      fake.manifests.set(`acme/app/${sha256(confused)}`, { bytes: confused, mediaType: type });
      const release = releaseOf([{ ...pushed.image, digest: sha256(confused) }]);
      expect(await verify(world, { release })).toMatchObject({ verdict: 'wrong' });
    }
  });

  test('a configuration of another platform or with another number of layers', async () => {
    for (const [change, got] of [
      [{ architecture: 'arm64' }, 'linux/arm64'],
      [{ rootfs: { diff_ids: ['a'] } }, '1 layers'],
      [{ os: undefined }, 'not an image configuration'],
    ] as const) {
      const fake = new FakeRegistry();
      const config = Buffer.from(
        JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: ['a', 'b'] }, ...change }),
      );
      fake.blobs.set(`acme/app/${sha256(config)}`, config);
      const descriptor = { mediaType: 'x', digest: sha256(config), size: config.byteLength };
      const alterChild = (manifest: Record<string, unknown>): void => void (manifest['config'] = descriptor);
      const { image } = pushImage(fake, { name: 'app', alterChild });
      const { images } = await verify(worldOf(fake), { release: releaseOf([image]) });
      expect(images[0]).toMatchObject({ verdict: 'wrong', message: expect.stringContaining(got) });
    }
  });
});

describe('a release', () => {
  const twoImages = (): { fake: FakeRegistry; release: Release } => {
    const fake = new FakeRegistry();
    const [one, two] = ['one', 'two'].map((name) => pushImage(fake, { name, config: GOOD }).image);
    return { fake, release: releaseOf([one!, two!]) };
  };

  test('is as bad as its worst image, a proven fault before one that can not be seen', async () => {
    const { fake, release } = twoImages();
    fake.interfere = ({ url }) => (url.includes('acme/one/manifests') ? error(403, 'DENIED', 'no') : undefined);
    expect((await verify(worldOf(fake), { release })).verdict).toBe('auth');
    fake.manifests.delete(`acme/two/${release.images[1]!.digest}`);
    expect((await verify(worldOf(fake), { release })).verdict).toBe('absent');
  });

  test('with one digest for two services is wrong by I12, for two families it is not', async () => {
    const { fake, release } = twoImages();
    const [one] = release.images;
    const shared = releaseOf([one!, { ...one!, name: 'one-pc2', machine: 'pc2' }]);
    const verification = await verify(worldOf(fake), { release: shared });
    expect(verification.images.map((image) => [image.verdict, ruled(image, 'fail')])).toEqual([
      ['wrong', ['I12']],
      ['wrong', ['I12']],
    ]);
    const families = releaseOf(shared.images.map((image) => ({ ...image, kind: 'family' as const })));
    expect((await verify(worldOf(fake), { release: families })).verdict).toBe('present');
  });

  test('of no images is present without a request', async () => {
    const { fake } = twoImages();
    expect(await verify(worldOf(fake), { release: releaseOf([]) })).toMatchObject({ verdict: 'present', requests: 0 });
  });
});

describe('published tags', () => {
  test('that still stand for the digest are present; without --tags they are not asked', async () => {
    const { fake, pushed, one } = given();
    expect((await one()).verdict).toBe('present');
    expect(fake.seen.some(({ url }) => url.endsWith(pushed.image.tag))).toBe(false);
    fake.tags.set(`acme/app:${pushed.image.tag}`, pushed.index);
    expect((await one(true)).verdict).toBe('present');
  });

  test('that moved are moved, with both digests', async () => {
    const { fake, pushed, one } = given();
    fake.tags.set(`acme/app:${pushed.image.tag}`, pushed.child);
    const image = await one(true);
    expect(image.verdict).toBe('moved');
    expect(image.message).toContain(pushed.index);
    expect(image.message).toContain(pushed.child);
  });

  test('that are not there are absent', async () => {
    expect((await given().one(true)).verdict).toBe('absent');
  });
});
