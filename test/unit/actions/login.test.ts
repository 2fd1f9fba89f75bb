// The login of a job on a host: whose it is, where it lies, and that nothing of it stays.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loggedIn, type GivenLogin } from '../../../src/actions/login.ts';
import { silentLog } from '../../../src/world/log.ts';
import { withVariables } from '../../../src/world/variables.ts';
import { realWorld, type World } from '../../../src/world/world.ts';

let folder = '';
let world: World;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'login-'));
  mkdirSync(join(folder, 'temp'));
  mkdirSync(join(folder, 'home/.docker'), { recursive: true });
  const variables = { HOME: join(folder, 'home'), RUNNER_TEMP: join(folder, 'temp'), GITHUB_ACTOR: 'octo' };
  world = withVariables({ ...realWorld(), log: silentLog }, { ...variables, DOCKER_CONFIG: '', GITHUB_TOKEN: '' });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const NONE = { username: undefined, password: undefined, token: undefined };
const GHCR = 'ghcr.io/acme/fleet';
const OTHER = 'registry.example:5000/acme/fleet';
const own = (config: unknown): void => writeFileSync(join(folder, 'home/.docker/config.json'), JSON.stringify(config));
const pair = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });

/** The configuration that docker reads within, undefined when it is the user's own. */
async function within(given: Partial<GivenLogin>): Promise<{ config: unknown; file: string } | undefined> {
  return loggedIn(world, { registry: GHCR, ...NONE, ...given }, async (inside) => {
    // A process of the job is asked, since docker is one.
    const { stdout } = await inside.processes.run(['sh', '-c', 'echo "$DOCKER_CONFIG"'], { deadlineMs: 5_000 });
    const file = join(stdout.trim(), 'config.json');
    if (stdout.trim() === '') return undefined;
    expect(inside.environment.variable('DOCKER_CONFIG')).toBe(stdout.trim());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    return { config: JSON.parse(readFileSync(file, 'utf8')), file };
  });
}

const left = (): readonly string[] => readdirSync(join(folder, 'temp'));

describe('the login of a job', () => {
  it("is the job's token for ghcr.io, and gone afterwards", async () => {
    const found = await within({ token: 'ghs_1' });
    expect(found?.config).toMatchObject({ auths: { 'ghcr.io': pair('octo:ghs_1') } });
    expect(found?.file).toContain(join(folder, 'temp'));
    expect(left()).toEqual([]);
    expect(existsSync(join(folder, 'home/.docker/config.json'))).toBe(false);
  });

  it('is gone also when what needed it fails', async () => {
    const failing = loggedIn(world, { registry: GHCR, ...NONE, token: 'ghs_1' }, async () => {
      expect(left()).toHaveLength(1);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(left()).toEqual([]);
  });

  it('never gives the token to another registry', async () => {
    expect(await within({ registry: OTHER, token: 'ghs_1' })).toBeUndefined();
    expect(await within({ registry: 'ghcr.io.evil.example/acme/fleet', token: 'ghs_1' })).toBeUndefined();
  });

  it("leaves a host's own login to ghcr.io in its place", async () => {
    own({ auths: { 'ghcr.io': pair('me:pat') } });
    expect(await within({ token: 'ghs_1' })).toBeUndefined();
  });

  it("is not taken for one by a host's login to another registry", async () => {
    own({ auths: { 'registry.example:5000': pair('me:pat') } });
    const found = await within({ token: 'ghs_1' });
    expect(found?.config).toMatchObject({ auths: { 'ghcr.io': pair('octo:ghs_1') } });
    expect(JSON.stringify(found?.config)).not.toContain(pair('me:pat').auth);
  });

  it('goes before the own one when it was given, for the registry of the release and no other', async () => {
    own({ auths: { 'registry.example:5000': pair('me:pat') } });
    const found = await within({ registry: OTHER, username: 'bot', password: 'secret', token: 'ghs_1' });
    expect(found?.config).toMatchObject({ auths: { 'registry.example:5000': pair('bot:secret') } });
    expect(JSON.stringify(found?.config)).not.toContain(pair('octo:ghs_1').auth);
  });

  it('needs no name beside a password where the run has an actor', async () => {
    const found = await within({ registry: OTHER, password: 'secret' });
    expect(found?.config).toMatchObject({ auths: { 'registry.example:5000': pair('octo:secret') } });
  });

  it('is refused by half', async () => {
    await expect(within({ username: 'bot' })).rejects.toThrow('half a login is none');
  });

  it("keeps the user's settings and plugins, and no store that would be asked first or written to", async () => {
    own({ credsStore: 'desktop', credHelpers: { 'ghcr.io': 'x' }, currentContext: 'far', proxies: { default: {} } });
    const found = await within({ registry: OTHER, username: 'bot', password: 'secret' });
    expect(found?.config).toEqual({
      auths: { 'registry.example:5000': pair('bot:secret') },
      proxies: { default: {} },
      cliPluginsExtraDirs: [join(folder, 'home/.docker/cli-plugins')],
    });
  });

  it("is Docker Hub's under its old address", async () => {
    const found = await within({ registry: 'acme/fleet', username: 'bot', password: 'secret' });
    expect(found?.config).toMatchObject({ auths: { 'https://index.docker.io/v1/': pair('bot:secret') } });
  });
});
