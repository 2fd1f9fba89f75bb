// The door of one registry: which scheme it speaks, what login it demands, and the tokens it gave us, one per scope.
import * as z from 'zod';
import type { Authorization, HttpAnswer } from '../world/http.ts';
import { Secret } from '../world/secret.ts';
import type { World } from '../world/world.ts';
import { busy, doubtful, refused, settled, type Attempt } from './attempt.ts';
import type { Budget } from './budget.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import { authRefusal, classifyRefusal } from './classify.ts';
import { findCredentials, type Credentials } from './credentials.ts';
import type { Send } from './send.ts';

export interface Login {
  /** `https://ghcr.io`; asks once which scheme and which login the registry wants. */
  origin(): Promise<Attempt<string>>;
  /** What to send with a request; undefined where the registry has asked for nothing yet. */
  authorization(scope: string): Promise<Attempt<Authorization | undefined>>;
  /** A new authorization after `used` was answered with 401; renewed once for all who ask at the same time. */
  renew(scope: string, refusal: HttpAnswer, used: Authorization | undefined): Promise<Attempt<Authorization>>;
}

export interface LoginRequest {
  readonly host: string;
  readonly budget: Budget;
  readonly send: Send;
}

interface Session {
  authorization?: Authorization;
  pending?: Promise<Attempt<Authorization>> | undefined;
}

interface Door {
  readonly origin: string;
  readonly challenge: Challenge | undefined;
}

const PING_BYTES = 64 * 1024;
const TOKEN_BYTES = 1024 * 1024;
/** Docker Hub's names say docker.io; its API lives elsewhere. */
const API_HOST: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

export function makeLogin(world: World, request: LoginRequest): Login {
  const sessions = new Map<string, Session>();
  let opening: Promise<Attempt<Door>> | undefined;
  let credentials: Promise<Credentials | undefined> | undefined;
  const open = async (): Promise<Attempt<Door>> => {
    const mine = (opening ??= openDoor(world, request));
    const door = await mine;
    // A door that could not be opened is tried again by the next attempt.
    if (door.kind !== 'settled' && opening === mine) opening = undefined;
    return door;
  };
  const enter = async (scope: string, challenge: Challenge | undefined): Promise<Attempt<Authorization>> => {
    credentials ??= findCredentials(world, request.host, request.budget.remainingMs());
    const door = await open();
    if (door.kind !== 'settled') return door;
    return authorize(world, request, { ...door.value, scope, challenge, credentials: await credentials });
  };
  const sessionOf = (scope: string): Session => {
    const session = sessions.get(scope) ?? {};
    sessions.set(scope, session);
    return session;
  };
  return {
    origin: async () => {
      const door = await open();
      return door.kind === 'settled' ? settled(door.value.origin) : door;
    },
    authorization: async (scope) => {
      const session = sessionOf(scope);
      const door = await open();
      if (door.kind !== 'settled') return door;
      if (session.authorization !== undefined) return settled(session.authorization);
      const { challenge } = door.value;
      return challenge === undefined ? settled(undefined) : once(session, () => enter(scope, challenge));
    },
    renew: async (scope, refusal, used) => {
      const session = sessionOf(scope);
      if (session.authorization !== undefined && session.authorization !== used) return settled(session.authorization);
      return once(session, () => enter(scope, usableChallenge(refusal)));
    },
  };
}

async function once(session: Session, enter: () => Promise<Attempt<Authorization>>): Promise<Attempt<Authorization>> {
  session.pending ??= enter().finally(() => {
    session.pending = undefined;
  });
  const entered = await session.pending;
  if (entered.kind === 'settled') session.authorization = entered.value;
  return entered;
}

/** TLS everywhere; plain HTTP where it was asked for, and on this machine's loopback when no TLS answers there. */
async function openDoor(world: World, request: LoginRequest): Promise<Attempt<Door>> {
  const host = API_HOST[request.host] ?? request.host;
  if (request.budget.insecureHosts.includes(request.host)) return knock(world, request, `http://${host}`);
  const secure = await knock(world, request, `https://${host}`);
  if (secure.kind !== 'refused' || !isLoopback(host)) return secure;
  const plain = await knock(world, request, `http://${host}`);
  return plain.kind === 'settled' ? plain : secure;
}

async function knock(world: World, request: LoginRequest, origin: string): Promise<Attempt<Door>> {
  const question = { method: 'GET', url: `${origin}/v2/`, maxBytes: PING_BYTES } as const;
  const answer = await request.send(question);
  if (answer.kind !== 'settled') return answer;
  const { status } = answer.value;
  if (status === 401) return settled({ origin, challenge: usableChallenge(answer.value) });
  // A server of TLS says so with 400 to plain HTTP; every other answer opens the door, and the question itself will tell.
  if (status === 400 && origin.startsWith('http:')) return busy(`${origin}/v2/: HTTP 400`);
  if (status !== 429 && status < 500) return settled({ origin, challenge: undefined });
  const asked = { what: `GET ${origin}/v2/`, host: request.host, elsewhere: false, nowMs: world.clock.now() };
  return classifyRefusal(answer.value, asked);
}

function usableChallenge(answer: HttpAnswer): Challenge | undefined {
  const challenges = parseChallenges(answer.headers['www-authenticate'] ?? '');
  return challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'basic');
}

interface Entry extends Door {
  readonly scope: string;
  readonly credentials: Credentials | undefined;
}

async function authorize(world: World, request: LoginRequest, entry: Entry): Promise<Attempt<Authorization>> {
  const { challenge, credentials, origin } = entry;
  const refuse = (why: string): Attempt<Authorization> => refused(authRefusal(`${origin}: ${why}`, request.host));
  if (challenge === undefined) return refuse('it wants a login and offers neither Bearer nor Basic');
  if (challenge.scheme === 'bearer') return fetchToken(world, request, { ...entry, challenge });
  if (credentials === undefined) return refuse(`it wants a login, and there is none for ${request.host}`);
  return settled({ kind: 'basic', user: credentials.user, password: credentials.password });
}

async function fetchToken(
  world: World,
  request: LoginRequest,
  entry: Entry & { readonly challenge: Challenge },
): Promise<Attempt<Authorization>> {
  const { credentials, scope } = entry;
  const realm = usableRealm(entry, request.budget.insecureHosts);
  if (typeof realm === 'string') return refused(authRefusal(`${entry.origin}: ${realm}`, request.host));
  const { service } = entry.challenge.parameters;
  if (service !== undefined) realm.searchParams.set('service', service);
  realm.searchParams.set('scope', scope);
  const login =
    credentials === undefined
      ? {}
      : { authorization: { kind: 'basic', user: credentials.user, password: credentials.password } as const };
  const answer = await request.send({ method: 'GET', url: realm.href, maxBytes: TOKEN_BYTES, ...login });
  if (answer.kind !== 'settled') return answer;
  const as = credentials === undefined ? 'without a login' : `as ${credentials.user} (${credentials.origin})`;
  const what = `token for ${scope} ${as} from ${realm.origin}${realm.pathname}`;
  if (answer.value.status !== 200) return refusedToken(answer.value, { what, host: request.host }, world.clock.now());
  const token = readToken(answer.value);
  return token === undefined ? doubtful(`${what}: the answer holds no token`) : settled({ kind: 'bearer', token });
}

/**
 * Where a token may be fetched. A registry names its token service itself, so the login for that registry may go to
 * whatever service it names, as the specification has it (https://distribution.github.io/distribution/spec/auth/token/),
 * but only over TLS, plain HTTP being for registries that are spoken to in plain HTTP themselves; and a token that
 * nobody configured for the registry goes to that very host alone.
 */
function usableRealm(entry: Entry & { readonly challenge: Challenge }, insecureHosts: readonly string[]): URL | string {
  const text = entry.challenge.parameters['realm'] ?? '';
  if (!URL.canParse(text)) return `it sends us for a token to "${text}", which is no address`;
  const realm = new URL(text);
  const mayBePlain = entry.origin.startsWith('http:') && (isLoopback(realm.host) || insecureHosts.includes(realm.host));
  if (realm.protocol !== 'https:' && !(realm.protocol === 'http:' && mayBePlain)) {
    return `it sends us for a token to ${realm.origin}, which is not https: no login is sent there`;
  }
  if (entry.credentials?.origin !== 'GITHUB_TOKEN' || realm.origin === entry.origin) return realm;
  return `it sends us for a token to ${realm.origin}: GITHUB_TOKEN is not sent there`;
}

function refusedToken<T>(answer: HttpAnswer, asked: { what: string; host: string }, nowMs: number): Attempt<T> {
  const attempt = classifyRefusal<T>(answer, { ...asked, elsewhere: false, nowMs });
  // A token service can't say that an image is not there.
  if (attempt.kind === 'again' && attempt.otherwise.kind === 'absent') return doubtful(attempt.otherwise.message);
  return attempt;
}

const tokenSchema = z.looseObject({ token: z.string().min(1).optional(), access_token: z.string().min(1).optional() });

function readToken(answer: HttpAnswer): Secret | undefined {
  try {
    const parsed = tokenSchema.parse(JSON.parse(new TextDecoder().decode(answer.body)));
    const token = parsed.token ?? parsed.access_token;
    return token === undefined ? undefined : new Secret(token);
  } catch {
    return undefined;
  }
}

function isLoopback(host: string): boolean {
  const { hostname } = new URL(`http://${host}`);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
