import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeHttp, type HttpAnswer } from '../../../src/world/http.ts';
import { Secret } from '../../../src/world/secret.ts';

const PASSWORD = 'correct-horse "battery"';
const TOKEN = 'ghs_0123456789abcdef';
const PAIR = Buffer.from(`bob:${PASSWORD}`).toString('base64');
const basic = { kind: 'basic', user: 'bob', password: new Secret(PASSWORD) } as const;
const bearer = { kind: 'bearer', token: new Secret(TOKEN) } as const;

let server: Server;
let url = '';
beforeAll(async () => {
  server = createServer((request, response) => {
    const status = Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('status'));
    const words = new URL(request.url ?? '', 'http://localhost').searchParams.get('say') ?? '';
    const echo = words.replace('{authorization}', request.headers.authorization ?? '');
    response.writeHead(status, {
      'x-echo': echo,
      'www-authenticate': 'Bearer realm="https://a/b"',
    });
    response.end(echo);
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

const ask = (status: number, say: string, authorization: typeof basic | typeof bearer): Promise<HttpAnswer> =>
  makeHttp().request({
    method: 'GET',
    url: `${url}/?status=${status}&say=${encodeURIComponent(say)}`,
    authorization,
    deadlineMs: 5_000,
    maxBytes: 10_000,
  });
const told = ({ headers, body }: HttpAnswer): string => `${JSON.stringify(headers)} ${Buffer.from(body).toString()}`;

test.each([
  ['the header', basic, 'you sent {authorization}', PAIR],
  ['the header', bearer, 'you sent {authorization}', TOKEN],
  ['the pair without its scheme', basic, `bad pair ${PAIR}`, PAIR],
  ['the password', basic, `bad password ${PASSWORD} of bob`, PASSWORD],
  ['the password within JSON', basic, JSON.stringify({ password: PASSWORD }), 'battery'],
  ['the password within an address', basic, encodeURIComponent(PASSWORD), encodeURIComponent(PASSWORD)],
  ['the token', bearer, `unknown token ${TOKEN}!`, TOKEN],
])('a refusal that sends %s back does not let it through', async (_what, authorization, say, secret) => {
  const answer = await ask(401, say, authorization);
  expect(told(answer)).toContain('[redacted]');
  expect(told(answer)).not.toContain(secret);
});

test('a part of the header is not let through either', async () => {
  const { body } = await ask(401, `bad: Bearer ${TOKEN.slice(0, 12)}...`, bearer);
  expect(Buffer.from(body).toString()).toBe('bad: Bearer [redacted]');
});

test('the challenge of a refusal and words about tokens stay readable', async () => {
  const answer = await ask(401, 'a bearer token is needed', basic);
  expect(answer.headers['www-authenticate']).toBe('Bearer realm="https://a/b"');
  expect(Buffer.from(answer.body).toString()).toBe('a bearer token is needed');
});

test('the bytes of an answer that is no refusal are as they came', async () => {
  const answer = await ask(200, `{"token": "${TOKEN}"}`, bearer);
  expect(Buffer.from(answer.body).toString()).toBe(`{"token": "${TOKEN}"}`);
});
