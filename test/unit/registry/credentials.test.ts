import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { findCredentials } from '../../../src/registry/credentials.ts';
import type { Finished, RunOptions } from '../../../src/world/process.ts';
import { FakeRegistry, worldOf, type FakeWorldOptions } from '../../fakes/registry.ts';

const auth = (pair: string) => ({ auth: Buffer.from(pair).toString('base64') });

async function found(host: string, config: unknown, options: FakeWorldOptions = {}): Promise<string | undefined> {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  const world = worldOf(new FakeRegistry(), {
    environment: { HOME: '/home/me' },
    files: { '/home/me/.docker/config.json': text },
    ...options,
  });
  const credentials = await findCredentials(world, host);
  return credentials && `${credentials.user}:${credentials.password.reveal()} ${credentials.origin}`;
}

function helper(answer: Partial<Finished> | Fault, asked: { command: readonly string[]; options: RunOptions }[] = []) {
  const finished: Finished = {
    command: [],
    exitCode: 0,
    signal: undefined,
    stdout: '',
    stderr: '',
    durationMs: 1,
    timedOut: false,
  };
  return {
    attempt: async (command: readonly string[], options: RunOptions) => {
      asked.push({ command, options });
      if (answer instanceof Fault) throw answer;
      return { ...finished, command, ...answer };
    },
  };
}

describe("docker's logins", () => {
  test('are found by exact host, in every way docker writes the key', async () => {
    for (const key of ['ghcr.io', 'https://ghcr.io', 'https://ghcr.io/', 'http://ghcr.io/v2/', 'ghcr.io/v1/']) {
      expect(await found('ghcr.io', { auths: { [key]: auth('me:a:b') } })).toBe('me:a:b docker login');
    }
    for (const key of ['ghcr.io.evil', 'xghcr.io', 'ghcr.io:443', 'ghcr.io/acme', 'GHCR.IO.', 'https://x/ghcr.io']) {
      expect(await found('ghcr.io', { auths: { [key]: auth('me:secret') } })).toBeUndefined();
    }
    expect(await found('10.0.0.1:5000', { auths: { '10.0.0.1:5000': auth('a:b') } })).toBe('a:b docker login');
  });

  test("Docker Hub's stands under its old address", async () => {
    const auths = { 'https://index.docker.io/v1/': auth('hub:x') };
    expect(await found('docker.io', { auths })).toBe('hub:x docker login');
    expect(await found('index.docker.io', { auths })).toBeUndefined();
  });

  test('DOCKER_CONFIG goes before the home folder', async () => {
    const files = { '/d/config.json': JSON.stringify({ auths: { 'a.example': auth('one:1') } }) };
    const environment = { HOME: '/home/me', DOCKER_CONFIG: '/d' };
    expect(await found('a.example', {}, { files, environment })).toBe('one:1 docker login');
  });

  test('entries without a login, or that are no login, are none', async () => {
    for (const entry of [{}, { auth: '' }, { auth: '!!!' }, auth('nocolon'), auth(':nouser')]) {
      expect(await found('a.example', { auths: { 'a.example': entry } })).toBeUndefined();
    }
  });

  test('a file that is not JSON is left out without quoting it', async () => {
    const said: string[] = [];
    const world = worldOf(new FakeRegistry(), {
      environment: { HOME: '/h' },
      files: { '/h/.docker/config.json': '{"auths": {"a.example": hunter2' },
    });
    const log = { ...world.log, warn: (text: string) => void said.push(text) };
    expect(await findCredentials({ ...world, log }, 'a.example')).toBeUndefined();
    expect(said).toHaveLength(1);
    expect(said[0]).not.toContain('hunter2');
  });
});

describe('credential helpers', () => {
  test.each([
    [2_000, 2_000],
    [600_000, 20_000],
    [0, 1],
  ])('with %i ms left are waited for %i ms', async (leftMs, deadlineMs) => {
    const asked: { command: readonly string[]; options: RunOptions }[] = [];
    const world = worldOf(new FakeRegistry(), {
      environment: { DOCKER_CONFIG: '/d' },
      files: { '/d/config.json': '{"credsStore": "slow"}' },
      processes: helper({ timedOut: true }, asked),
    });
    expect(await findCredentials(world, 'a.example', leftMs)).toBeUndefined();
    expect(asked.map(({ options }) => options.deadlineMs)).toEqual([deadlineMs]);
  });

  const answer = JSON.stringify({ ServerURL: 'x', Username: 'me', Secret: 'kept' });

  test('the one for the host, asked on its standard input', async () => {
    const asked: { command: readonly string[]; options: RunOptions }[] = [];
    const processes = helper({ stdout: answer }, asked);
    const config = { credHelpers: { 'a.example': 'vault' }, credsStore: 'desktop' };
    expect(await found('a.example', config, { processes })).toBe('me:kept docker login');
    expect(asked[0]?.command).toEqual(['docker-credential-vault', 'get']);
    expect(asked[0]?.options.stdin).toBe('a.example');
    await found('docker.io', config, { processes });
    expect(asked[1]?.command).toEqual(['docker-credential-desktop', 'get']);
    expect(asked[1]?.options.stdin).toBe('https://index.docker.io/v1/');
  });

  test.each<[string, Partial<Finished> | Fault]>([
    ['knows no such login', { exitCode: 1, stdout: 'credentials not found in native keychain' }],
    ['is not installed', new Fault('process', "can't start docker-credential-x")],
    ['hangs', { timedOut: true, exitCode: undefined }],
    ['says nonsense', { stdout: 'kept' }],
    ['says something else in JSON', { stdout: '{"Secret": "kept"}' }],
    ['has an identity token', { stdout: JSON.stringify({ Username: '<token>', Secret: 'kept' }) }],
  ])('one that %s leaves what stands in the file', async (_name, ending) => {
    const config = { credsStore: 'x', auths: { 'a.example': auth('file:1') } };
    expect(await found('a.example', config, { processes: helper(ending) })).toBe('file:1 docker login');
  });
});

describe("the job's token on GitHub", () => {
  const environment = { GITHUB_TOKEN: 'ghs_x', GITHUB_ACTOR: 'octo' };

  test('is for ghcr.io alone', async () => {
    expect(await found('ghcr.io', {}, { environment })).toBe('octo:ghs_x GITHUB_TOKEN');
    for (const host of ['docker.io', 'ghcr.io.evil', 'xghcr.io', 'ghcr.io:443', 'docker.pkg.github.com']) {
      expect(await found(host, {}, { environment })).toBeUndefined();
    }
  });

  test('goes after a docker login', async () => {
    const files = { '/h/.docker/config.json': JSON.stringify({ auths: { 'ghcr.io': auth('bot:1') } }) };
    const both = { files, environment: { ...environment, HOME: '/h' } };
    expect(await found('ghcr.io', {}, both)).toBe('bot:1 docker login');
  });
});
