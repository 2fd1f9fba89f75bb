import { describe, expect, test } from 'vitest';
import { publicationSchema, type Verification } from '../../../src/documents/verification.ts';
import { publish } from '../../../src/publish/publish.ts';
import { verify } from '../../../src/verify/verify.ts';
import { error, FakeRegistry, pushImage, text, worldOf, type Interference } from '../../fakes/registry.ts';
import { releaseOf } from '../../fakes/release.ts';

const TAG = '20261123-9c99cc9';

async function given() {
  const fake = new FakeRegistry();
  const pushed = ['one', 'two', 'three'].map((name) => pushImage(fake, { name }));
  const release = releaseOf(pushed.map(({ image }) => image));
  const world = worldOf(fake);
  const verification = await verify(world, { release });
  const run = async (interfere: Interference = () => undefined, verified: Verification = verification) => {
    fake.seen.length = 0;
    fake.interfere = interfere;
    const publication = await publish(world, { release, verification: verified, deadlineMs: 60_000 });
    return publicationSchema.parse(publication).tags.map(({ result, message }) => message ?? result);
  };
  const puts = () => fake.seen.filter(({ method }) => method === 'PUT').map(({ url }) => new URL(url).pathname);
  return { fake, pushed, release, verification, run, puts };
}

describe('publishing a verified release', () => {
  test('puts every tag by the same bytes under the same type, so tag and digest are one', async () => {
    const { fake, pushed, run } = await given();
    expect(await run()).toEqual(['put', 'put', 'put']);
    for (const { image, index } of pushed) expect(fake.tags.get(`acme/${image.name}:${TAG}`)).toBe(index);
    const types = fake.seen.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['content-type']);
    expect(new Set(types)).toEqual(new Set(['application/vnd.oci.image.index.v1+json']));
  });

  test('puts nothing that stands already, and finishes what a dead run left', async () => {
    const { fake, pushed, run, puts } = await given();
    fake.tags.set(`acme/two:${TAG}`, pushed[1]!.index);
    expect(await run()).toEqual(['put', 'already', 'put']);
    expect(await run()).toEqual(['already', 'already', 'already']);
    expect(puts()).toEqual([]);
  });

  test('asks for pull and push of that one name', async () => {
    const fake = new FakeRegistry({ login: 'token', user: 'ci', password: 'secret' });
    const { image } = pushImage(fake, { name: 'one' });
    const auth = Buffer.from('ci:secret').toString('base64');
    const files = { '/d/config.json': JSON.stringify({ auths: { 'registry.example': { auth } } }) };
    const world = worldOf(fake, { environment: { DOCKER_CONFIG: '/d' }, files });
    const release = releaseOf([image]);
    const { tags } = await publish(world, { release, verification: await verify(world, { release }) });
    expect(tags[0]?.result).toBe('put');
    const scopes = fake.requestsTo('tokens.example').map(({ url }) => new URL(url).searchParams.get('scope'));
    expect(scopes).toEqual(['repository:acme/one:pull', 'repository:acme/one:pull,push']);
  });
});

describe('publishing is refused', () => {
  test('before anything is put, when a tag of this release stands for another image', async () => {
    const { fake, pushed, run, puts } = await given();
    fake.tags.set(`acme/three:${TAG}`, pushed[2]!.child);
    await expect(run()).rejects.toMatchObject({
      code: 'conflict',
      detail: { found: expect.stringMatching(`three:${TAG} is ${pushed[2]!.child}, not ${pushed[2]!.index}`) },
    });
    expect(puts()).toEqual([]);
    expect(fake.tags.get(`acme/three:${TAG}`)).toBe(pushed[2]!.child);
  });

  test('when the verification found something, even where its headline is good', async () => {
    const { run, verification, fake } = await given();
    const images = verification.images.map((image, n) => (n === 1 ? { ...image, verdict: 'unknown' as const } : image));
    await expect(run(undefined, { ...verification, images })).rejects.toMatchObject({ code: 'conflict' });
    await expect(run(undefined, { ...verification, verdict: 'absent' })).rejects.toMatchObject({ code: 'conflict' });
    expect(fake.seen).toEqual([]);
  });

  test('when the verification is of another release', async () => {
    const { run, verification, pushed, fake } = await given();
    const [one, ...rest] = verification.images;
    const others = [
      { ...verification, tag: '20261124-0000000' },
      { ...verification, images: rest },
      { ...verification, images: [{ ...one!, digest: pushed[1]!.index }, ...rest] },
    ];
    for (const other of others) await expect(run(undefined, other)).rejects.toMatchObject({ code: 'conflict' });
    expect(fake.seen).toEqual([]);
  });
});

describe('publishing that can not be finished', () => {
  test('puts nothing while one tag can not be read, and says which', async () => {
    const { run, puts } = await given();
    const told = await run(({ url }) =>
      url.endsWith(`two/manifests/${TAG}`) ? error(403, 'DENIED', 'no') : undefined,
    );
    expect(told).toEqual([
      expect.stringContaining('another tag'),
      expect.stringContaining('DENIED'),
      expect.stringContaining('another tag'),
    ]);
    expect(puts()).toEqual([]);
  });

  test('says which tags were put when a put fails', async () => {
    const { run, fake } = await given();
    const told = await run(({ method, url }) => {
      return method === 'PUT' && url.includes('/two/') ? error(403, 'DENIED', 'write_package') : undefined;
    });
    expect(told).toEqual(['put', expect.stringContaining('write_package'), 'put']);
    expect(fake.tags.has(`acme/two:${TAG}`)).toBe(false);
  });

  test('repeats a put that was throttled', async () => {
    const { run } = await given();
    let throttled = 2;
    expect(await run(({ method }) => (method === 'PUT' && throttled-- > 0 ? text(429, '') : undefined))).toEqual([
      'put',
      'put',
      'put',
    ]);
  });

  test('does not believe a registry that says 201 and has put nothing', async () => {
    const { run } = await given();
    const told = await run(({ method, url }) =>
      method === 'PUT' && url.includes('/one/') ? text(201, '') : undefined,
    );
    expect(told).toEqual([expect.stringContaining("can't be read back"), 'put', 'put']);
  });

  test('sees that a tag was put although the answer was lost', async () => {
    const { run, fake, pushed } = await given();
    const told = await run(({ method, url }) => {
      if (method !== 'PUT' || !url.includes('/one/')) return undefined;
      fake.tags.set(`acme/one:${TAG}`, pushed[0]!.index);
      return text(400, 'lost');
    });
    expect(told).toEqual(['put', 'put', 'put']);
  });
});
