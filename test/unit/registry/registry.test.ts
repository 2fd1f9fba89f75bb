import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { parseName } from '../../../src/images/reference.ts';
import { openRegistry } from '../../../src/registry/registry.ts';
import type { HttpAnswer } from '../../../src/world/http.ts';
import {
  error,
  FakeRegistry,
  HOST,
  networkFault,
  pushImage,
  REALM,
  text,
  worldOf,
  type FakeRegistryOptions,
  type Interference,
} from '../../fakes/registry.ts';

const LOGIN = { login: 'token', user: 'ci', password: 'hunter2hunter2' } as const;
const config = (user = 'ci', password = 'hunter2hunter2', host: string = HOST): string =>
  JSON.stringify({ auths: { [host]: { auth: Buffer.from(`${user}:${password}`).toString('base64') } } });

function given(options: FakeRegistryOptions = {}, dockerConfig = config()) {
  const fake = new FakeRegistry(options);
  const pushed = pushImage(fake, { name: 'app' });
  fake.tags.set('acme/app:stable', pushed.index);
  const world = worldOf(fake, { environment: { DOCKER_CONFIG: '/d' }, files: { '/d/config.json': dockerConfig } });
  const registry = openRegistry(world, { actions: 'pull', deadlineMs: 60_000, random: () => 0 });
  return { fake, pushed, world, registry, name: parseName(`${HOST}/acme/app`) };
}

const onManifests =
  (...script: (HttpAnswer | Fault | 'honest')[]): Interference =>
  ({ url }) => {
    if (!url.includes('/manifests/')) return undefined;
    const next = script.length > 1 ? script.shift() : script[0];
    return next === 'honest' ? undefined : next;
  };

async function outcome(interfere: Interference) {
  const { fake, registry, name, world } = given();
  fake.interfere = interfere;
  const answer = await registry.manifest(name, 'stable');
  return { kind: answer.kind, answer, asked: fake.seen.filter(({ url }) => url.includes('/manifests/')).length, world };
}

describe('what an answer means', () => {
  test.each<[string, HttpAnswer | Fault, string, number]>([
    ['404 MANIFEST_UNKNOWN', error(404, 'MANIFEST_UNKNOWN', 'manifest unknown'), 'absent', 3],
    ['404 NAME_UNKNOWN', error(404, 'NAME_UNKNOWN', 'repository name not known'), 'absent', 3],
    ['404 without a code', text(404, '<html>not here</html>'), 'unknown', 3],
    ['404 with another code', error(404, 'UNSUPPORTED', 'no'), 'unknown', 3],
    ['403 DENIED', error(403, 'DENIED', 'requested access to the resource is denied'), 'auth', 1],
    ['400', error(400, 'DIGEST_INVALID', 'provided digest did not match'), 'unknown', 1],
    ['405', error(405, 'UNSUPPORTED', 'no'), 'unknown', 1],
    ['415', text(415, ''), 'unknown', 1],
    ['200 that is cut off', networkFault('other'), 'unknown', -1],
    ['an endless body', networkFault('too-large'), 'unknown', 3],
    ['a certificate nobody knows', networkFault('tls'), 'unknown', 1],
    ['204', text(204, ''), 'unknown', 3],
    ['429 for ever', text(429, ''), 'unknown', -1],
    ['500 for ever', text(500, ''), 'unknown', -1],
    ['503 egress over the limit', error(503, 'UNAVAILABLE', 'egress is over the account limit'), 'unknown', -1],
    ['403 secondary rate limit', error(403, 'DENIED', 'You have exceeded a secondary rate limit.'), 'unknown', -1],
    ['a reset for ever', networkFault('reset'), 'unknown', -1],
    ['a timeout for ever', new Fault('timeout', 'no answer'), 'unknown', -1],
  ])('%s', async (_name, answer, kind, asked) => {
    const seen = await outcome(onManifests(answer));
    expect(seen.kind).toBe(kind);
    if (asked > 0) expect(seen.asked).toBe(asked);
    else expect(seen.asked).toBeGreaterThan(5);
    expect(seen.world.clock.monotonic()).toBeLessThan(60_000);
  });

  test.each<[string, HttpAnswer | Fault]>([
    ['429', text(429, '')],
    ['500', text(500, '')],
    ['503', text(503, 'x'.repeat(1_000))],
    ['a reset', networkFault('reset')],
    ['404 MANIFEST_UNKNOWN, right after a push', error(404, 'MANIFEST_UNKNOWN', '')],
    ['404 of a proxy', text(404, 'nginx')],
  ])('%s once, then the image: found', async (_name, answer) => {
    const seen = await outcome(onManifests(answer, 'honest'));
    expect(seen.kind).toBe('found');
    expect(seen.asked).toBe(2);
  });

  test('an interruption by the user is thrown on', async () => {
    await expect(outcome(onManifests(new Fault('aborted', 'stopped')))).rejects.toMatchObject({ code: 'aborted' });
  });

  test('a bug in a fake or in us is no answer', async () => {
    const { fake, registry, name } = given();
    fake.request = () => Promise.reject(new TypeError('bug'));
    await expect(registry.manifest(name, 'stable')).rejects.toThrow('bug');
  });
});

describe('waiting', () => {
  test('waits as Retry-After says', async () => {
    const seen = await outcome(onManifests(text(429, '', { 'retry-after': '7' }), 'honest'));
    expect(seen.kind).toBe('found');
    expect(seen.world.slept).toEqual([7_000]);
  });

  test('waits at least a pause of its own where the registry asks for microseconds', async () => {
    const busy = error(429, 'TOOMANYREQUESTS', 'retry-after: 617.7µs, allowed: 44000/minute');
    const seen = await outcome(onManifests(busy, busy, 'honest'));
    expect(seen.kind).toBe('found');
    expect(seen.world.slept).toEqual([125, 250]);
  });

  test('a wait beyond the deadline ends at once, and says what was asked', async () => {
    const seen = await outcome(onManifests(text(429, '', { 'retry-after': '3600' })));
    expect(seen.world.slept).toEqual([]);
    expect(seen.answer).toMatchObject({ kind: 'unknown', message: expect.stringContaining('asks to wait 3600 s') });
  });

  test('the last question before the deadline gets what is left, in whole milliseconds', async () => {
    const { registry, name, world, fake } = given();
    const deadlines: number[] = [];
    fake.interfere = ({ deadlineMs }) => void deadlines.push(deadlineMs);
    await world.clock.sleep(59_000.5);
    expect(await registry.manifest(name, 'stable')).toMatchObject({ kind: 'found' });
    expect(deadlines).toEqual([1_000, 1_000]);
  });

  test('nothing is asked once the deadline has passed', async () => {
    const { registry, name, world, fake } = given();
    await world.clock.sleep(60_001);
    expect(await registry.manifest(name, 'stable')).toMatchObject({ kind: 'unknown' });
    expect(fake.seen).toEqual([]);
  });
});

describe('bytes before headers', () => {
  test('a digest header that lies changes nothing: the bytes are hashed', async () => {
    const { fake, registry, name, pushed } = given();
    const lie = `sha256:${'0'.repeat(64)}`;
    const bytes = fake.manifests.get(`acme/app/${pushed.index}`)!;
    const headers = { 'content-type': bytes.mediaType, 'docker-content-digest': lie };
    fake.interfere = onManifests({ status: 200, headers, body: bytes.bytes });
    expect(await registry.manifest(name, 'stable')).toMatchObject({ kind: 'found', value: { digest: pushed.index } });
    expect(await registry.manifest(name, lie)).toMatchObject({ kind: 'unknown' });
  });

  test('other bytes for a digest are unknown after a few tries, never moved or absent', async () => {
    const { fake, registry, name, pushed } = given();
    fake.interfere = onManifests(text(200, '{}', { 'docker-content-digest': pushed.index }));
    const answer = await registry.manifest(name, pushed.index);
    expect(answer).toMatchObject({ kind: 'unknown', message: expect.stringContaining('hash to') });
    expect(fake.seen.filter(({ url }) => url.includes('/manifests/'))).toHaveLength(3);
  });

  test('a manifest sent under another type than its own is unknown', async () => {
    const { fake, registry, name, pushed } = given();
    const { bytes } = fake.manifests.get(`acme/app/${pushed.index}`)!;
    const docker = 'application/vnd.docker.distribution.manifest.list.v2+json';
    fake.interfere = onManifests({ status: 200, headers: { 'content-type': docker }, body: bytes });
    expect(await registry.manifest(name, pushed.index)).toMatchObject({ kind: 'unknown' });
    const typed = { 'content-type': 'Application/vnd.oci.image.index.v1+json; charset=utf-8' };
    fake.interfere = onManifests({ status: 200, headers: typed, body: bytes });
    expect(await registry.manifest(name, pushed.index)).toMatchObject({ kind: 'found' });
  });

  test('a configuration whose bytes were changed is unknown', async () => {
    const { fake, registry, name, pushed } = given();
    const size = fake.blobs.get(`acme/app/${pushed.config}`)!.byteLength;
    fake.blobs.set(`acme/app/${pushed.config}`, Buffer.from('{"config":{"User":"10001:10001"}}'));
    expect(await registry.blob(name, { digest: pushed.config, size })).toMatchObject({ kind: 'unknown' });
  });
});

describe('whether a blob is there', () => {
  const blobOf = () => {
    const setting = given();
    const digest = setting.pushed.layers[0]!;
    const size = setting.fake.blobs.get(`acme/app/${digest}`)!.byteLength;
    return { ...setting, blob: { digest, size }, key: `acme/app/${digest}` };
  };

  test('is asked by HEAD alone', async () => {
    const { fake, registry, name, blob } = blobOf();
    expect(await registry.hasBlob(name, blob)).toMatchObject({ kind: 'found' });
    expect(fake.seen.map(({ method }) => method)).toEqual(['GET', 'HEAD']);
  });

  test('is absent only when the registry says BLOB_UNKNOWN in a body', async () => {
    const { fake, registry, name, blob, key } = blobOf();
    fake.blobs.delete(key);
    expect(await registry.hasBlob(name, blob)).toMatchObject({ kind: 'absent' });
  });

  test('is unknown when HEAD says 404 and GET has it, or neither says why', async () => {
    const { fake, registry, name, blob } = blobOf();
    fake.interfere = ({ method }) => (method === 'HEAD' ? text(404, '') : undefined);
    expect(await registry.hasBlob(name, blob)).toMatchObject({ kind: 'unknown' });
    fake.interfere = ({ url }) => (url.includes('/blobs/') ? text(404, '') : undefined);
    expect(await registry.hasBlob(name, blob)).toMatchObject({ kind: 'unknown' });
  });

  test('is unknown when its size or its digest header is another', async () => {
    const { registry, name, blob, fake } = blobOf();
    expect(await registry.hasBlob(name, { ...blob, size: blob.size + 1 })).toMatchObject({ kind: 'unknown' });
    const headers = { 'docker-content-digest': `sha256:${'1'.repeat(64)}`, 'content-length': String(blob.size) };
    fake.interfere = ({ method }) => (method === 'HEAD' ? { ...text(200, ''), headers } : undefined);
    expect(await registry.hasBlob(name, blob)).toMatchObject({ kind: 'unknown' });
  });

  test('is asked by one byte where HEAD is refused, and the size is still compared', async () => {
    const { fake, registry, name, blob } = blobOf();
    fake.interfere = ({ method }) => (method === 'HEAD' ? text(405, '') : undefined);
    expect(await registry.hasBlob(name, blob)).toMatchObject({ kind: 'found' });
    expect(await registry.hasBlob(name, { ...blob, size: 1 })).toMatchObject({ kind: 'unknown' });
  });
});

describe('redirects', () => {
  const storage = 'https://storage.example/blob?signature=x';
  const redirecting =
    (location: string, there: HttpAnswer): Interference =>
    ({ url }) => {
      if (url.includes('/blobs/')) return text(307, '', { location });
      return new URL(url).host === HOST || url.startsWith(REALM) ? undefined : there;
    };
  const ask = async (interfere: (config: Uint8Array) => Interference) => {
    const setting = given(LOGIN);
    const { fake, pushed, registry, name } = setting;
    const bytes = fake.blobs.get(`acme/app/${pushed.config}`)!;
    fake.interfere = interfere(bytes);
    return { ...setting, answer: await registry.blob(name, { digest: pushed.config, size: bytes.byteLength }) };
  };

  test('are followed to another host without the login', async () => {
    const { answer, fake } = await ask((bytes) => redirecting(storage, { status: 200, headers: {}, body: bytes }));
    expect(answer.kind).toBe('found');
    expect(fake.requestsTo('storage.example').map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(fake.requestsTo(HOST).at(-1)?.authorization).toBe('Bearer t1');
  });

  test('keep the login on the registry itself, and lose it for good once away', async () => {
    const hops: Interference = ({ url }) => {
      if (url.includes('/blobs/')) return text(307, '', { location: '/v2/here' });
      if (url.endsWith('/here')) return text(302, '', { location: 'https://storage.example/x' });
      if (url.includes('storage')) return text(302, '', { location: `https://${HOST}/v2/back` });
      return undefined;
    };
    const { fake } = await ask(() => hops);
    const logins = fake.seen.map(({ url, authorization }) => [new URL(url).pathname, authorization !== undefined]);
    expect(logins).toContainEqual(['/v2/here', true]);
    expect(logins).toContainEqual(['/x', false]);
    expect(logins).toContainEqual(['/v2/back', false]);
  });

  test('a storage that refuses says nothing about our login or the image', async () => {
    for (const status of [401, 403, 404]) {
      const refusal = error(status, 'BLOB_UNKNOWN', 'x', {
        'www-authenticate': 'Bearer realm="https://evil.example/t"',
      });
      const { answer, fake } = await ask(() => redirecting(storage, refusal));
      expect(answer.kind).toBe('unknown');
      expect(fake.requestsTo('storage.example').every(({ authorization }) => authorization === undefined)).toBe(true);
      expect(fake.requestsTo('evil.example')).toEqual([]);
    }
  });

  test('a loop ends, and https never leads to http', async () => {
    const loop = await ask(
      () =>
        ({ url }) =>
          url.includes('/blobs/') ? text(307, '', { location: url }) : undefined,
    );
    expect(loop.answer).toMatchObject({ kind: 'unknown', message: expect.stringContaining('5 redirects') });
    const down = await ask((body) => redirecting('http://storage.example/x', { status: 200, headers: {}, body }));
    expect(down.answer.kind).toBe('unknown');
    expect(down.fake.requestsTo('storage.example')).toEqual([]);
  });
});

describe('the login', () => {
  test('one token per repository, with our own scope, to the token service that the registry names', async () => {
    const { fake, registry, name, pushed } = given(LOGIN);
    await Promise.all([registry.manifest(name, 'stable'), registry.manifest(name, pushed.child)]);
    const tokens = fake.requestsTo('tokens.example');
    expect(tokens).toHaveLength(1);
    expect(new URL(tokens[0]!.url).searchParams.getAll('scope')).toEqual(['repository:acme/app:pull']);
    expect(new URL(tokens[0]!.url).searchParams.get('service')).toBe('fake');
    expect(tokens[0]!.authorization).toBe('Basic ci:hunter2hunter2');
    await registry.manifest(parseName(`${HOST}/acme/other`), 'stable');
    expect(fake.requestsTo('tokens.example')).toHaveLength(2);
    const passwords = fake.requestsTo(HOST).filter(({ authorization }) => authorization?.startsWith('Basic'));
    expect(passwords).toEqual([]);
  });

  test('a token that expires on the way is renewed once for all who wait', async () => {
    const { fake, registry, name, pushed } = given(LOGIN);
    await registry.manifest(name, 'stable');
    fake.expireTokens();
    const answers = await Promise.all(
      [pushed.index, pushed.child, pushed.index].map((d) => registry.manifest(name, d)),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(['found', 'found', 'found']);
    expect(fake.requestsTo('tokens.example')).toHaveLength(2);
  });

  test('a 401 after the renewal is auth, never absent', async () => {
    const { fake, registry, name } = given(LOGIN);
    fake.interfere = onManifests(error(401, 'UNAUTHORIZED', 'no', { 'www-authenticate': `Bearer realm="${REALM}"` }));
    const answer = await registry.manifest(name, 'stable');
    expect(answer).toMatchObject({ kind: 'auth', cure: expect.stringContaining(`docker login ${HOST}`) });
    expect(fake.seen.filter(({ url }) => url.includes('/manifests/'))).toHaveLength(2);
  });

  test('a wrong password is auth; none is asked for where anyone may pull', async () => {
    const wrong = given(LOGIN, config('ci', 'wrong'));
    expect(await wrong.registry.manifest(wrong.name, 'stable')).toMatchObject({ kind: 'auth' });
    const anyone = given({ ...LOGIN, isPublic: true }, '{}');
    expect(await anyone.registry.manifest(anyone.name, 'stable')).toMatchObject({ kind: 'found' });
    const nobody = given(LOGIN, '{}');
    expect(await nobody.registry.manifest(nobody.name, 'stable')).toMatchObject({ kind: 'auth' });
  });

  test('no message holds the password', async () => {
    const { registry, name } = given(LOGIN, config('ci', 'wrong-password'));
    expect(JSON.stringify(await registry.manifest(name, 'stable'))).not.toContain('wrong-password');
  });

  test('basic login goes with every question, and is auth without one', async () => {
    const basic = { ...LOGIN, login: 'basic' } as const;
    const { fake, registry, name } = given(basic);
    expect(await registry.manifest(name, 'stable')).toMatchObject({ kind: 'found' });
    expect(fake.seen.map(({ authorization }) => authorization)).toEqual([undefined, 'Basic ci:hunter2hunter2']);
    const nobody = given(basic, '{}');
    expect(await nobody.registry.manifest(nobody.name, 'stable')).toMatchObject({ kind: 'auth' });
  });

  test('a login for another host is not sent, however like its name is', async () => {
    for (const host of [`x${HOST}`, `${HOST}.evil`, `${HOST}:5000`, 'example', `${HOST}/acme`]) {
      const { fake, registry, name } = given(LOGIN, config('ci', 'hunter2hunter2', host));
      expect(await registry.manifest(name, 'stable')).toMatchObject({ kind: 'auth' });
      expect(fake.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
    }
  });

  test('no login goes to a token service over plain HTTP', async () => {
    const { fake, registry, name } = given(LOGIN);
    const headers = { 'www-authenticate': 'Bearer realm="http://tokens.example/token"' };
    fake.interfere = ({ url }) => (url.endsWith('/v2/') ? text(401, '', headers) : undefined);
    expect(await registry.manifest(name, 'stable')).toMatchObject({ kind: 'auth' });
    expect(fake.requestsTo('tokens.example')).toEqual([]);
  });

  test.each<[string, HttpAnswer | Fault, string]>([
    ['429', text(429, ''), 'unknown'],
    ['500', text(500, ''), 'unknown'],
    ['404 NAME_UNKNOWN', error(404, 'NAME_UNKNOWN', 'no such name'), 'unknown'],
    ['200 without a token', text(200, '{}'), 'unknown'],
    ['200 that is not JSON', text(200, '<html>'), 'unknown'],
    ['a redirect', text(302, '', { location: 'https://evil.example/' }), 'unknown'],
    ['403', text(403, 'denied'), 'auth'],
    ['a reset', networkFault('reset'), 'unknown'],
  ])('a token service that answers %s for ever', async (_name, answer, kind) => {
    const { fake, registry, name } = given(LOGIN);
    fake.interfere = ({ url }) => (url.startsWith(REALM) ? answer : undefined);
    expect(await registry.manifest(name, 'stable')).toMatchObject({ kind });
    expect(fake.requestsTo('evil.example')).toEqual([]);
  });

  test('a token service that fails once is asked again', async () => {
    const { fake, registry, name } = given(LOGIN);
    let failures = 1;
    fake.interfere = ({ url }) => (url.startsWith(REALM) && failures-- > 0 ? text(503, '') : undefined);
    expect(await registry.manifest(name, 'stable')).toMatchObject({ kind: 'found' });
  });
});

describe('the scheme', () => {
  const plainOnly =
    (registry: string): Interference =>
    ({ url }) =>
      url.startsWith('https:') ? networkFault('tls') : text(200, '{}', { 'x-from': registry });

  test('is https, also when that fails', async () => {
    const { fake, registry } = given();
    fake.interfere = plainOnly('x');
    expect(await registry.manifest(parseName('other.example/app'), 'a')).toMatchObject({ kind: 'unknown' });
    expect(fake.seen.every(({ url }) => url.startsWith('https:'))).toBe(true);
  });

  test.each(['localhost:5000', '127.0.0.1:5000', '127.9.9.9'])('falls back to http on loopback: %s', async (host) => {
    const { fake, registry } = given();
    fake.interfere = plainOnly(host);
    await registry.manifest(parseName(`${host}/app`), 'a');
    expect(fake.seen.map(({ url }) => url)).toEqual([
      `https://${host}/v2/`,
      `http://${host}/v2/`,
      `http://${host}/v2/app/manifests/a`,
    ]);
  });

  test('is http where that was asked for', async () => {
    const { fake, world } = given();
    fake.interfere = plainOnly('x');
    const registry = openRegistry(world, { actions: 'pull', insecureHosts: ['other.example:5000'] });
    expect(await registry.manifest(parseName('other.example:5000/app'), 'a')).toMatchObject({ kind: 'found' });
    expect(fake.seen.every(({ url }) => url.startsWith('http:'))).toBe(true);
  });

  test('Docker Hub is asked where its API lives', async () => {
    const { fake, registry } = given();
    fake.interfere = () => text(200, '{}');
    await registry.manifest(parseName('busybox'), 'latest');
    expect(fake.seen.at(-1)?.url).toBe('https://registry-1.docker.io/v2/library/busybox/manifests/latest');
  });
});

describe('whether we may push', () => {
  const uploads =
    (start: HttpAnswer): Interference =>
    ({ method, url }) => {
      if (url.includes('/uploads/')) return method === 'POST' ? start : text(204, '');
      return undefined;
    };
  const canPush = async (start: HttpAnswer) => {
    const { fake, world, name } = given();
    fake.interfere = uploads(start);
    const answer = await openRegistry(world, { actions: 'pull,push' }).canPush(name);
    return { kind: answer.kind, asked: fake.seen.slice(1).map(({ method, url }) => `${method} ${url}`) };
  };

  test('starts an upload and cancels it', async () => {
    const path = '/v2/acme/app/blobs/uploads/';
    const { kind, asked } = await canPush(text(202, '', { location: `${path}id-1?state=x` }));
    expect(kind).toBe('found');
    expect(asked).toEqual([`POST https://${HOST}${path}`, `DELETE https://${HOST}${path}id-1?state=x`]);
  });

  test('cancels nothing on another host', async () => {
    const { kind, asked } = await canPush(text(202, '', { location: 'https://evil.example/x' }));
    expect([kind, asked.length]).toEqual(['found', 1]);
  });

  test('is auth where it is denied', async () => {
    expect((await canPush(error(403, 'DENIED', 'permission_denied: write_package'))).kind).toBe('auth');
  });
});

describe('the token of a GitHub job', () => {
  const asJob = (realm: string) => {
    const fake = new FakeRegistry();
    fake.interfere = ({ url, authorization }) => {
      if (url.startsWith('https://ghcr.io/token') || url.includes('evil')) return text(200, '{"token":"t"}');
      if (authorization === undefined) return text(401, '', { 'www-authenticate': `Bearer realm="${realm}"` });
      return text(200, '{}');
    };
    const world = worldOf(fake, { environment: { GITHUB_TOKEN: 'ghs_secret', GITHUB_ACTOR: 'octo' } });
    return { fake, registry: openRegistry(world, { actions: 'pull' }) };
  };

  test("goes to ghcr.io's own token service", async () => {
    const { fake, registry } = asJob('https://ghcr.io/token');
    expect(await registry.manifest(parseName('ghcr.io/acme/app'), 'a')).toMatchObject({ kind: 'found' });
    expect(fake.seen.map(({ authorization }) => authorization)).toContain('Basic octo:ghs_secret');
  });

  test('goes to no other host that a challenge names', async () => {
    const { fake, registry } = asJob('https://evil.example/token');
    expect(await registry.manifest(parseName('ghcr.io/acme/app'), 'a')).toMatchObject({ kind: 'auth' });
    expect(fake.requestsTo('evil.example')).toEqual([]);
  });
});
