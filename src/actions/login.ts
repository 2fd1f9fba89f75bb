// Who pulls on a host: the login given to the action, else the host's own, else for ghcr.io the token of the job.
import { join } from 'node:path';
import { Fault } from '../fault.ts';
import { parseName } from '../images/reference.ts';
import { findCredentials } from '../registry/credentials.ts';
import { withJobLogin, type JobLogin } from '../registry/job-login.ts';
import { Secret } from '../world/secret.ts';
import type { World } from '../world/world.ts';
import { temporaryFolder } from './folder.ts';

export interface GivenLogin {
  /** The registry of the release, as `ghcr.io/acme/fleet`. */
  readonly registry: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The token of the job. It is GitHub's, and goes to no other registry. */
  readonly token: string | undefined;
}

const GITHUB_REGISTRY = 'ghcr.io';
/** ghcr.io looks at the token alone. */
const TOKEN_USER = 'github-actions';

/** Runs `act` in a world that is logged in to the registry given, for as long as it takes and no longer. */
export async function loggedIn<T>(world: World, given: GivenLogin, act: (world: World) => Promise<T>): Promise<T> {
  const { host } = parseName(given.registry);
  const login = loginGiven(world, given) ?? (await loginOfJob(world, host, given.token));
  if (login === undefined) return act(world);
  const folder = join(
    temporaryFolder(world),
    `rollout-login-${world.clock.now()}-${Math.trunc(world.clock.monotonic() * 1_000)}`,
  );
  return withJobLogin(world, { host, credentials: login, folder }, act);
}

type Login = JobLogin['credentials'];

function loginGiven(world: World, { username, password }: GivenLogin): Login | undefined {
  const user = username ?? world.environment.variable('GITHUB_ACTOR');
  if (password !== undefined && user !== undefined) return { user, password: new Secret(password) };
  if (username === undefined && password === undefined) return undefined;
  throw new Fault('usage', 'half a login is none', {
    expected: 'registry-username and registry-password, or neither',
    found: username === undefined ? 'registry-password alone' : 'registry-username alone',
    cure: 'give both; for ghcr.io neither is needed where the job has packages: read',
  });
}

async function loginOfJob(world: World, host: string, token: string | undefined): Promise<Login | undefined> {
  if (host !== GITHUB_REGISTRY || token === undefined) return undefined;
  // Whoever logged this host in knew why; the token of a job sees only the packages of its repository.
  const own = await findCredentials(world, host);
  if (own?.origin === 'docker login') return undefined;
  return { user: world.environment.variable('GITHUB_ACTOR') ?? TOKEN_USER, password: new Secret(token) };
}
