// The registry's tokens grant what was asked for and is allowed, never more.
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { answerToken, parseScope, type TokenPolicy } from '../../../sandbox/tokens.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const NOW = new Date('2026-01-02T03:04:05Z');
const POLICY: TokenPolicy = {
  service: 'registry.test',
  issuer: 'test',
  user: 'publisher',
  password: 'right:with:colons',
  publicPrefixes: ['library/', 'acme/public-'],
  certificate: '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n',
  key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

test('an anonymous client gets pull of a public name, and no push', () => {
  expect(accessOf('scope=repository:acme/public-web:pull,push')).toEqual([
    { type: 'repository', name: 'acme/public-web', actions: ['pull'] },
  ]);
});

test('an anonymous client gets nothing on a private name', () => {
  expect(accessOf('scope=repository:acme/web:pull')).toEqual([]);
});

test('a name that only contains a public prefix is private', () => {
  expect(accessOf('scope=repository:evil/library/x:pull')).toEqual([]);
});

test('an anonymous client cannot read the catalog', () => {
  expect(accessOf('scope=registry:catalog:*')).toEqual([]);
});

test('the user gets what was asked for and not a word more', () => {
  expect(accessOf('scope=repository:acme/web:pull', login('right:with:colons'))).toEqual([
    { type: 'repository', name: 'acme/web', actions: ['pull'] },
  ]);
});

test('several scopes are answered in one token, repeated or separated by blanks', () => {
  const query = 'scope=repository:acme/a:pull%20repository:acme/b:push&scope=repository:acme/c:delete';
  expect(accessOf(query, login('right:with:colons'))).toHaveLength(3);
});

test('a wrong password is refused, even for a public name', () => {
  const answer = answerToken(POLICY, new URLSearchParams('scope=repository:library/a:pull'), login('wrong'), NOW);
  expect(answer.status).toBe(401);
  expect(JSON.stringify(answer.body)).not.toContain('token');
});

test('an authorization that is not basic is refused', () => {
  expect(answerToken(POLICY, new URLSearchParams(), 'Bearer abc', NOW).status).toBe(401);
});

test('the signature fits the key, the time fits the clock', () => {
  const [header = '', claims = '', signature = ''] = tokenOf('', undefined).split('.');
  const verify = createVerify('RSA-SHA256').update(`${header}.${claims}`);
  expect(verify.verify(publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  const { exp, nbf, aud } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
  expect([exp, nbf, aud]).toEqual([NOW.getTime() / 1000 + 300, NOW.getTime() / 1000 - 5, 'registry.test']);
});

test('a scope is read from both ends, because a name may hold a port', () => {
  expect(parseScope('repository:host:5000/web:pull')).toEqual([
    { type: 'repository', name: 'host:5000/web', actions: ['pull'] },
  ]);
  expect(parseScope('nonsense')).toEqual([]);
});

function login(password: string): string {
  return `Basic ${Buffer.from(`publisher:${password}`).toString('base64')}`;
}

function tokenOf(query: string, authorization: string | undefined): string {
  const { status, body } = answerToken(POLICY, new URLSearchParams(query), authorization, NOW);
  expect(status).toBe(200);
  return String(body['token']);
}

function accessOf(query: string, authorization?: string): unknown {
  const claims = tokenOf(query, authorization).split('.')[1] ?? '';
  return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>)['access'];
}
