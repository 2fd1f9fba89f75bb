import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeHttp } from '../../../src/world/http.ts';

// Far below the time a connection may take by itself: what closes a connection here is the end of the wait for it.
const SOON_MS = 3_000;
/** The end of our own wait, not undici's end of a connection that takes too long, which would come later. */
const OUR_DEADLINE = { code: 'timeout', cause: { message: 'the wait is over' } };

let mute: Server;
let url = '';
beforeEach(async () => {
  mute = createServer((socket) => {
    // Reads and says nothing: what is not read keeps a connection open that its client left long ago.
    socket.resume().on('error', () => undefined);
  });
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const address = mute.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `https://127.0.0.1:${address.port}/v2/`;
});
afterEach(() => mute.close());

const openConnections = (): Promise<number> =>
  new Promise((resolve, reject) => mute.getConnections((error, count) => (error ? reject(error) : resolve(count))));

test('a server that never speaks TLS is a timeout, and leaves no connection behind', async () => {
  const http = makeHttp();
  const asked = http.request({ method: 'GET', url, deadlineMs: 300, maxBytes: 1_000 });
  await vi.waitFor(async () => expect(await openConnections()).toBe(1));
  await expect(asked).rejects.toMatchObject(OUR_DEADLINE);
  await vi.waitFor(async () => expect(await openConnections()).toBe(0), { timeout: SOON_MS });
});

test('a stream that nobody answers leaves no connection behind', async () => {
  const asked = makeHttp().stream({ method: 'GET', url, deadlineMs: 300, maxBytes: 1_000 });
  await expect(asked).rejects.toMatchObject(OUR_DEADLINE);
  await vi.waitFor(async () => expect(await openConnections()).toBe(0), { timeout: SOON_MS });
});

test('one who gives up does not cut off another who still waits', async () => {
  const http = makeHttp();
  const question = { method: 'GET', url, maxBytes: 1_000 } as const;
  const patient = http.request({ ...question, deadlineMs: 1_500 });
  await expect(http.request({ ...question, deadlineMs: 200 })).rejects.toMatchObject(OUR_DEADLINE);
  expect(await openConnections()).toBeGreaterThan(0);
  await expect(patient).rejects.toMatchObject(OUR_DEADLINE);
  await vi.waitFor(async () => expect(await openConnections()).toBe(0), { timeout: SOON_MS });
});
