// Our login as it is sent, the one place that reveals it to a connection, and as it must not come back: in what a refusal says.
import type { Secret } from './secret.ts';

export type Authorization =
  | { readonly kind: 'basic'; readonly user: string; readonly password: Secret }
  | { readonly kind: 'bearer'; readonly token: Secret };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const REDACTED = '[redacted]';
/** A shorter password is too likely to be a word of the answer. */
const SHORTEST_SECRET = 6;
/** The header in part or changed on its way. Eight characters, so that "a bearer token" stays readable. */
const HEADER = /\b(basic|bearer)\s+(?!token\b|realm=)[\w.~+/=-]{8,}/gi;
const LOWEST_REFUSAL = 400;

export function authorizationHeader(authorization: Authorization | undefined): Record<string, string> {
  if (authorization === undefined) return {};
  if (authorization.kind === 'bearer') return { authorization: `Bearer ${authorization.token.reveal()}` };
  return { authorization: `Basic ${pairOf(authorization.user, authorization.password)}` };
}

/**
 * The answer as it came, unless it refuses: a refusal is told to people, in logs and documents, and a server may send
 * our login back; every other answer is worked with.
 */
export function withoutEcho(answer: Answer, authorization: Authorization | undefined): Answer {
  if (authorization === undefined || answer.status < LOWEST_REFUSAL) return answer;
  const secrets = secretsOf(authorization).flatMap(spellings);
  const clean = (text: string): string => secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  const headers = Object.entries(answer.headers).map(([name, value]) => [name, clean(value)] as const);
  const body = clean(Buffer.from(answer.body).toString('utf8')).replace(HEADER, `$1 ${REDACTED}`);
  return { ...answer, headers: Object.fromEntries(headers), body: Buffer.from(body) };
}

function secretsOf(authorization: Authorization): readonly string[] {
  if (authorization.kind === 'bearer') return longEnough(authorization.token.reveal());
  const { user, password } = authorization;
  return [pairOf(user, password), ...longEnough(password.reveal())];
}

function pairOf(user: string, password: Secret): string {
  return Buffer.from(`${user}:${password.reveal()}`).toString('base64');
}

function longEnough(secret: string): readonly string[] {
  return secret.length < SHORTEST_SECRET ? [] : [secret];
}

/** As it is, within JSON, and within an address. */
function spellings(secret: string): readonly string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
}
