// Takes our own login out of a refusal: a server may send it back, and what a refusal says ends up in logs and documents.
import type { Authorization, HttpAnswer } from './http.ts';

const REDACTED = '[redacted]';
/** A shorter password is too likely to be a word of the answer. */
const SHORTEST_SECRET = 6;
/** The header in part or changed on its way. Eight characters, so that "a bearer token" stays readable. */
const HEADER = /\b(basic|bearer)\s+(?!token\b|realm=)[\w.~+/=-]{8,}/gi;
const LOWEST_REFUSAL = 400;

/** The answer as it came, unless it refuses: a refusal is told to people, every other answer is worked with. */
export function withoutEcho(answer: HttpAnswer, authorization: Authorization | undefined): HttpAnswer {
  if (authorization === undefined || answer.status < LOWEST_REFUSAL) return answer;
  const secrets = secretsOf(authorization).flatMap(spellings);
  const clean = (text: string): string => secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  const headers = Object.entries(answer.headers).map(([name, value]) => [name, clean(value)] as const);
  const body = clean(Buffer.from(answer.body).toString('utf8')).replace(HEADER, `$1 ${REDACTED}`);
  return { ...answer, headers: Object.fromEntries(headers), body: Buffer.from(body) };
}

function secretsOf(authorization: Authorization): readonly string[] {
  if (authorization.kind === 'bearer') return longEnough(authorization.token.reveal());
  const password = authorization.password.reveal();
  const pair = Buffer.from(`${authorization.user}:${password}`).toString('base64');
  return [pair, ...longEnough(password)];
}

function longEnough(secret: string): readonly string[] {
  return secret.length < SHORTEST_SECRET ? [] : [secret];
}

/** As it is, within JSON, and within an address. */
function spellings(secret: string): readonly string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
}
