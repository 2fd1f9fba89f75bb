import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeHttp } from '../../../src/world/http.ts';
import { Secret } from '../../../src/world/secret.ts';

const http = makeHttp();
const base = { method: 'GET', deadlineMs: 5_000, maxBytes: 1_000 } as const;

describe('one request', () => {
  let server: Server;
  let url = '';
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/moved') return void response.writeHead(302, { location: '/' }).end();
      if (request.url === '/large') return void response.end('x'.repeat(2_000));
      if (request.url === '/reset') return void request.socket.destroy();
      if (request.url === '/silent') return;
      if (request.url === '/stalled') return void response.writeHead(200).write('begun');
      response.setHeader('X-Two', ['a', 'b']);
      response.end(`${request.method} ${request.headers.authorization ?? 'anonymous'}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    url = `http://127.0.0.1:${address.port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('returns status, headers in lower case and the body', async () => {
    const answer = await http.request({ ...base, url });
    expect(answer.status).toBe(200);
    expect(answer.headers['x-two']).toBe('a, b');
    expect(Buffer.from(answer.body).toString()).toBe('GET anonymous');
  });

  test('sends basic and bearer credentials', async () => {
    const basic = { kind: 'basic', user: 'u', password: new Secret('p') } as const;
    const bearer = { kind: 'bearer', token: new Secret('t') } as const;
    const told = async (authorization: typeof basic | typeof bearer): Promise<string> =>
      Buffer.from((await http.request({ ...base, url, authorization })).body).toString();
    expect(await told(basic)).toBe('GET Basic dTpw');
    expect(await told(bearer)).toBe('GET Bearer t');
  });

  test('returns a redirect instead of following it', async () => {
    const answer = await http.request({ ...base, url: `${url}/moved` });
    expect(answer).toMatchObject({ status: 302, headers: { location: '/' } });
  });

  test.each([
    ['/large', { code: 'network', detail: { facts: { kind: 'too-large' } } }],
    ['/reset', { code: 'network', detail: { facts: { kind: 'reset' } } }],
  ])('%s is a fault of its own kind', async (path, fault) => {
    await expect(http.request({ ...base, url: url + path })).rejects.toMatchObject(fault);
  });

  test.each(['/silent', '/stalled'])('%s ends at the deadline', async (path) => {
    const late = http.request({ ...base, url: url + path, deadlineMs: 300 });
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
  });

  test('nobody listening is refused', async () => {
    const refused = http.request({ ...base, url: 'http://127.0.0.1:9' });
    await expect(refused).rejects.toMatchObject({ code: 'network', detail: { facts: { kind: 'refused' } } });
  });

  test('an abort is not taken for a timeout', async () => {
    const abort = new AbortController();
    const asked = http.request({ ...base, url: `${url}/silent`, signal: abort.signal });
    abort.abort();
    await expect(asked).rejects.toMatchObject({ code: 'aborted' });
  });
});

test('speaks over a unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'http-'));
  const socket = join(folder, 's');
  const server = createServer((_request, response) => void response.end('engine'));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const answer = await http.request({ ...base, url: 'http://localhost/_ping', socket });
  expect(Buffer.from(answer.body).toString()).toBe('engine');
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});
