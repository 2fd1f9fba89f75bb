// The token service of the sandbox's registry: who may do what, said in tokens that distribution accepts.
import { createHash, createSign, randomUUID, timingSafeEqual } from 'node:crypto';

export type Access = { readonly type: string; readonly name: string; readonly actions: readonly string[] };

export type TokenPolicy = {
  readonly service: string;
  readonly issuer: string;
  readonly user: string;
  readonly password: string;
  /** Names that start with one of these can be pulled by anyone. */
  readonly publicPrefixes: readonly string[];
  /** PEM: a certificate that the registry knows as its root, and the key of it. */
  readonly certificate: string;
  readonly key: string;
};

export type TokenAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** As at ghcr.io: long enough for one push, short enough that a leaked one is soon worth nothing. */
const TOKEN_SECONDS = 300;
/** Clocks of a client and this machine are the same one, but tokens may be checked in the very second they were made. */
const NOT_BEFORE_SECONDS = 5;

/** Answers a request for a token: what was asked for and is allowed is granted, the rest silently left out, as the protocol says. */
export function answerToken(
  policy: TokenPolicy,
  query: URLSearchParams,
  authorization: string | undefined,
  now: Date,
): TokenAnswer {
  const login = readLogin(policy, authorization);
  if (login === 'refused') {
    const error = { code: 'UNAUTHORIZED', message: 'authentication required: wrong user or password' };
    return { status: 401, body: { errors: [error] } };
  }
  const asked = query.getAll('scope').flatMap((scope) => scope.split(' ').flatMap(parseScope));
  const access = asked.map((wanted) => grant(policy, login, wanted)).filter(({ actions }) => actions.length > 0);
  const token = sign(policy, login === 'anonymous' ? '' : policy.user, access, now);
  return { status: 200, body: { token, access_token: token, expires_in: TOKEN_SECONDS, issued_at: now.toISOString() } };
}

/** `repository:acme/web:pull,push`: the name itself may hold colons. */
export function parseScope(scope: string): readonly Access[] {
  const match = /^([^:]+):(.+):([^:]*)$/.exec(scope);
  if (match === null) return [];
  const [, type = '', name = '', actions = ''] = match;
  return [{ type, name, actions: actions.split(',').filter((action) => action !== '') }];
}

function readLogin(policy: TokenPolicy, authorization: string | undefined): 'anonymous' | 'user' | 'refused' {
  if (authorization === undefined) return 'anonymous';
  const encoded = /^basic\s+(\S+)$/i.exec(authorization)?.[1] ?? '';
  const given = Buffer.from(encoded, 'base64').toString();
  return same(given, `${policy.user}:${policy.password}`) ? 'user' : 'refused';
}

function same(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

function grant(policy: TokenPolicy, login: 'anonymous' | 'user', wanted: Access): Access {
  if (login === 'user') return wanted;
  const isPublic =
    wanted.type === 'repository' && policy.publicPrefixes.some((prefix) => wanted.name.startsWith(prefix));
  return { ...wanted, actions: isPublic ? wanted.actions.filter((action) => action === 'pull') : [] };
}

function sign(policy: TokenPolicy, subject: string, access: readonly Access[], now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000);
  // The certificate travels in the token (x5c): the registry only has to know it as a root.
  const chain = policy.certificate.replace(/-----[^-]+-----|\s/g, '');
  const header = { typ: 'JWT', alg: 'RS256', x5c: [chain] };
  const claims = {
    iss: policy.issuer,
    sub: subject,
    aud: policy.service,
    exp: seconds + TOKEN_SECONDS,
    nbf: seconds - NOT_BEFORE_SECONDS,
    iat: seconds,
    jti: randomUUID(),
    access,
  };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createSign('RSA-SHA256').update(text).sign(policy.key).toString('base64url')}`;
}
