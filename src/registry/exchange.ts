// A question to a registry with all that HTTP asks for around it: the login, one renewal of it, and redirects that never take it along.
import type { ImageName } from '../images/reference.ts';
import type { Authorization, HttpAnswer } from '../world/http.ts';
import type { World } from '../world/world.ts';
import { doubtful, settled, type Attempt } from './attempt.ts';
import { scopeOf, type Budget, type RegistryOptions } from './budget.ts';
import { classifyRefusal } from './classify.ts';
import { makeLogin, type Login } from './login.ts';
import { makeSend, type Question, type Send } from './send.ts';

export interface RegistryQuestion extends Omit<Question, 'url' | 'authorization'> {
  readonly image: ImageName;
  /** Behind `/v2/<name>/`: `manifests/latest`. An address with its scheme is asked as it is, on the registry's origin only. */
  readonly path: string;
}

export interface Reply {
  readonly answer: HttpAnswer;
  /** The address that answered in the end. */
  readonly url: string;
  /** Whether a redirect led away from the registry. */
  readonly elsewhere: boolean;
  /** The meaning of the answer when it is not what was asked for. */
  refusal<T>(): Attempt<T>;
}

export type Exchange = (question: RegistryQuestion) => Promise<Attempt<Reply>>;

const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 5;

export function makeExchange(world: World, actions: RegistryOptions['actions'], budget: Budget): Exchange {
  const send = makeSend(world, budget);
  const logins = new Map<string, Login>();
  const loginOf = (host: string): Login => {
    const login = logins.get(host) ?? makeLogin(world, { host, budget, send });
    logins.set(host, login);
    return login;
  };
  return async (question) => {
    const login = loginOf(question.image.host);
    const origin = await login.origin();
    if (origin.kind !== 'settled') return origin;
    const scope = scopeOf(question.image, actions);
    const authorization = await login.authorization(scope);
    if (authorization.kind !== 'settled') return authorization;
    const asked = { question, origin: origin.value, nowMs: () => world.clock.now() };
    const first = await follow(send, asked, authorization.value);
    if (first.kind !== 'settled' || first.value.elsewhere || first.value.answer.status !== 401) return first;
    const renewed = await login.renew(scope, first.value.answer, authorization.value);
    return renewed.kind === 'settled' ? follow(send, asked, renewed.value) : renewed;
  };
}

interface Asked {
  readonly question: RegistryQuestion;
  readonly origin: string;
  readonly nowMs: () => number;
}

async function follow(send: Send, asked: Asked, login: Authorization | undefined): Promise<Attempt<Reply>> {
  const { image, path, ...question } = asked.question;
  const start = URL.canParse(path) ? path : `${asked.origin}/v2/${image.path}/${path}`;
  let url = start;
  // Once away from the registry, the login stays behind for good, also on a way back.
  let authorization = new URL(start).origin === asked.origin ? login : undefined;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const answer = await send({ ...question, url, ...(authorization === undefined ? {} : { authorization }) });
    if (answer.kind !== 'settled') return answer;
    const next = redirectTarget(answer.value, question.method, url);
    if (next === undefined) return settled(reply(answer.value, url, asked));
    if (new URL(url).protocol === 'https:' && next.protocol !== 'https:') {
      return doubtful(`${question.method} ${start}: a redirect leads from https to ${next.origin}`);
    }
    if (next.origin !== asked.origin) authorization = undefined;
    url = next.href;
  }
  return doubtful(`${question.method} ${start}: more than ${MOST_REDIRECTS} redirects`);
}

function redirectTarget(answer: HttpAnswer, method: string, url: string): URL | undefined {
  const { location } = answer.headers;
  const safe = method === 'GET' || method === 'HEAD';
  if (!safe || location === undefined || !REDIRECTS.includes(answer.status)) return undefined;
  return URL.canParse(location, url) ? new URL(location, url) : undefined;
}

function reply(answer: HttpAnswer, url: string, { question, origin, nowMs }: Asked): Reply {
  const elsewhere = new URL(url).origin !== origin;
  const { host, path } = question.image;
  const what = `${question.method} ${host}/${path}/${question.path}`;
  return {
    answer,
    url,
    elsewhere,
    refusal: () => classifyRefusal(answer, { what, host, elsewhere, nowMs: nowMs() }),
  };
}
