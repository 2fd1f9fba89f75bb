// Who we are to a registry: docker's own logins matched by exact host, on GitHub the job's token for ghcr.io, else nobody.
import { join } from 'node:path';
import * as z from 'zod';
import { messageOf } from '../fault.ts';
import { Secret } from '../world/secret.ts';
import type { World } from '../world/world.ts';

export interface Credentials {
  readonly user: string;
  readonly password: Secret;
  /** The job's token is GitHub's and goes to no other host, whatever a challenge says. */
  readonly origin: 'docker login' | 'GITHUB_TOKEN';
}

/** Docker's name for its own hub in config.json. */
const HUB_KEY = 'https://index.docker.io/v1/';
const GITHUB_REGISTRY = 'ghcr.io';
const HELPER_DEADLINE_MS = 20_000;
/** A helper that answers with this user hands out a refresh token of OAuth 2, which is not a password. */
const IDENTITY_TOKEN_USER = '<token>';

const configSchema = z.looseObject({
  auths: z.record(z.string(), z.looseObject({ auth: z.string().optional() })).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  cliPluginsExtraDirs: z.array(z.string()).optional(),
});
type DockerConfig = z.infer<typeof configSchema>;

/**
 * The login for `host` and no other, looked for no longer than `leftMs`; undefined to go without. A login that can't be
 * read is told and left out.
 */
export async function findCredentials(
  world: World,
  host: string,
  leftMs = HELPER_DEADLINE_MS,
): Promise<Credentials | undefined> {
  const config = await readDockerConfig(world);
  const helper = config.credHelpers?.[configKey(host)] ?? config.credsStore;
  const helped = helper === undefined ? undefined : await askHelper(world, helper, { host, leftMs });
  return helped ?? storedLogin(config, host) ?? gitHubToken(world, host);
}

/** Where docker keeps what this user told it: DOCKER_CONFIG, else `~/.docker`. */
export function configFolder(world: World): string | undefined {
  const home = world.environment.variable('HOME');
  return world.environment.variable('DOCKER_CONFIG') ?? (home === undefined ? undefined : join(home, '.docker'));
}

/** Docker's configuration of this user; an empty one, and a word about it, where it can't be read. */
export async function readDockerConfig(world: World): Promise<DockerConfig> {
  const folder = configFolder(world);
  if (folder === undefined) return {};
  const path = join(folder, 'config.json');
  try {
    return configSchema.parse(JSON.parse((await world.files.readText(path)) ?? '{}'));
  } catch {
    // The parser's words could quote the file, and the file holds passwords.
    world.log.warn(`${path} is not docker's configuration in JSON: its logins are not used`);
    return {};
  }
}

const helperSchema = z.looseObject({ Username: z.string(), Secret: z.string() });

interface Wanted {
  readonly host: string;
  readonly leftMs: number;
}

async function askHelper(world: World, helper: string, { host, leftMs }: Wanted): Promise<Credentials | undefined> {
  const deadlineMs = Math.max(1, Math.min(HELPER_DEADLINE_MS, Math.floor(leftMs)));
  const command = [`docker-credential-${helper}`, 'get'];
  const say = (why: string): undefined => {
    world.log.warn(`${command.join(' ')} gave no login for ${host}: ${why}`);
    return undefined;
  };
  try {
    const options = { deadlineMs, stdin: configKey(host) };
    const finished = await world.processes.attempt(command, options);
    if (finished.timedOut) return say(`no answer within ${deadlineMs} ms`);
    // Any other ending but 0 is the protocol's way to say that it knows no such login.
    if (finished.exitCode !== 0) return undefined;
    const parsed = helperSchema.safeParse(JSON.parse(finished.stdout));
    if (!parsed.success) return say('its answer has no Username and Secret');
    if (parsed.data.Username === IDENTITY_TOKEN_USER) return say('it has an identity token, log in with a password');
    return { user: parsed.data.Username, password: new Secret(parsed.data.Secret), origin: 'docker login' };
  } catch (error) {
    return say(error instanceof SyntaxError ? 'its answer is not JSON' : messageOf(error));
  }
}

function storedLogin(config: DockerConfig, host: string): Credentials | undefined {
  const entry = Object.entries(config.auths ?? {}).find(([key]) => hostOfKey(key) === host);
  const pair = Buffer.from(entry?.[1].auth ?? '', 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) return undefined;
  return { user: pair.slice(0, colon), password: new Secret(pair.slice(colon + 1)), origin: 'docker login' };
}

function gitHubToken(world: World, host: string): Credentials | undefined {
  if (host !== GITHUB_REGISTRY) return undefined;
  const password = world.environment.secret('GITHUB_TOKEN');
  if (password === undefined) return undefined;
  const user = world.environment.variable('GITHUB_ACTOR') ?? 'github-actions';
  return { user, password, origin: 'GITHUB_TOKEN' };
}

/** Docker's name of a registry in its configuration. */
export function configKey(host: string): string {
  return host === 'docker.io' ? HUB_KEY : host;
}

/** The host a key of `auths` names. A key with a path of its own is some other tool's and matches nothing. */
function hostOfKey(key: string): string | undefined {
  if (key === HUB_KEY) return 'docker.io';
  const match = /^(?:https?:\/\/)?([^/]+)(?:\/(?:v[12]\/?)?)?$/.exec(key);
  return match?.[1] === 'index.docker.io' ? 'docker.io' : match?.[1];
}
