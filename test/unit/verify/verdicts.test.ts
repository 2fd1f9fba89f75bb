import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault as WorldFault } from '../../../src/fault.ts';
import { verify } from '../../../src/verify/verify.ts';
import type { HttpAnswer, HttpRequest } from '../../../src/world/http.ts';
import { error, FakeRegistry, HOST, networkFault, pushImage, REALM, text, worldOf } from '../../fakes/registry.ts';
import { releaseOf } from '../../fakes/release.ts';
import { rightVerdict, type Fault, type Place, type Script } from './verdict-model.ts';

const RUNS = 600;
const DEADLINE_MS = 120_000;

const faults: readonly Fault[] = [
  'honest',
  'throttled',
  'rate-limited',
  'broken',
  'reset',
  'timeout',
  'gone',
  'not-found',
  'denied',
  'expired',
  'lying',
  'endless',
  'loop',
  'refusing',
];
const place: fc.Arbitrary<Place> = fc.record({
  first: fc.array(fc.constantFrom(...faults.filter((fault) => fault !== 'honest')), { maxLength: 2 }),
  then: fc.oneof({ weight: 3, arbitrary: fc.constant('honest' as const) }, fc.constantFrom(...faults)),
});
const script: fc.Arbitrary<Script> = fc.record({
  index: place,
  child: place,
  attestation: place,
  config: place,
  layer: place,
});

function act(fault: Fault, request: HttpRequest): HttpAnswer | WorldFault | undefined {
  switch (fault) {
    case 'honest':
      return undefined;
    case 'throttled':
      return error(429, 'TOOMANYREQUESTS', 'retry-after: 617.7µs, allowed: 44000/minute');
    case 'rate-limited':
      return error(403, 'DENIED', 'You have exceeded a secondary rate limit');
    case 'broken':
      return error(500, 'MANIFEST_UNKNOWN', 'the storage is down');
    case 'reset':
      return networkFault('reset');
    case 'timeout':
      return new WorldFault('timeout', 'no answer');
    case 'gone':
      return error(404, request.url.includes('/blobs/') ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN', 'unknown');
    case 'not-found':
      return text(404, '<html>not found</html>');
    case 'denied':
      return error(403, 'DENIED', 'requested access to the resource is denied');
    case 'expired':
      return error(401, 'UNAUTHORIZED', 'login', { 'www-authenticate': `Bearer realm="${REALM}",service="fake"` });
    case 'lying':
      return text(200, '{"schemaVersion":2}', { 'docker-content-digest': 'sha256:x', 'content-length': '19' });
    case 'endless':
      return networkFault('too-large');
    case 'loop':
      return text(307, '', { location: new URL(request.url).pathname });
    case 'refusing':
      return error(400, 'UNSUPPORTED', 'no');
  }
}

async function verdictOf(play: Script): Promise<{ verdict: string; elapsed: number; requests: number }> {
  const fake = new FakeRegistry({ login: 'token', user: 'ci', password: 'hunter2', isPublic: true });
  const pushed = pushImage(fake, { name: 'app', kind: 'family' });
  const places: readonly (readonly [string, Place])[] = [
    [pushed.index, play.index],
    [pushed.child, play.child],
    [pushed.attestation, play.attestation],
    [pushed.config, play.config],
    [pushed.layers[1]!, play.layer],
  ];
  const turns = new Map<string, number>();
  const looping = new Set<string>();
  fake.interfere = (request) => {
    const [digest, found] = places.find(([key]) => request.url.includes(key)) ?? [];
    if (digest === undefined || found === undefined) return undefined;
    // The hops of one loop are one turn of the script: it goes on until the client gives up on it.
    if (looping.has(digest) && (turns.get(`${digest} hops`) ?? 0) % 6 !== 0) {
      turns.set(`${digest} hops`, (turns.get(`${digest} hops`) ?? 0) + 1);
      return act('loop', request);
    }
    looping.delete(digest);
    // A fault strikes a question, by whatever methods it is asked: one byte is asked for to hear why HEAD was refused.
    const again = request.headers?.['range'] !== undefined;
    const turn = (turns.get(digest) ?? 0) - (again ? 1 : 0);
    turns.set(digest, turn + 1);
    const fault = found.first[turn] ?? found.then;
    if (fault === 'loop') {
      looping.add(digest);
      turns.set(`${digest} hops`, (turns.get(`${digest} hops`) ?? 0) + 1);
    }
    return act(fault, request);
  };
  const auth = Buffer.from('ci:hunter2').toString('base64');
  const files = { '/d/config.json': JSON.stringify({ auths: { [HOST]: { auth } } }) };
  const world = worldOf(fake, { environment: { DOCKER_CONFIG: '/d' }, files });
  const { images } = await verify(world, { release: releaseOf([pushed.image]), deadlineMs: DEADLINE_MS });
  const passwords = fake.seen.filter(({ url, authorization }) => {
    return authorization?.startsWith('Basic') === true && new URL(url).host !== new URL(REALM).host;
  });
  expect(passwords).toEqual([]);
  return { verdict: images[0]!.verdict, elapsed: world.clock.monotonic(), requests: fake.seen.length };
}

test('whatever faults come in whatever order, the verdict is the one the script deserves, within the deadline', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (play) => {
      const { verdict, elapsed, requests } = await verdictOf(play);
      expect(verdict).toBe(rightVerdict(play));
      expect(elapsed).toBeLessThanOrEqual(DEADLINE_MS);
      expect(requests).toBeLessThan(500);
    }),
    { numRuns: RUNS },
  );
});
