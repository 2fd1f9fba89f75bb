import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { systemProcesses } from '../../../src/world/process.ts';
import { ROLLOUT, smallFleet } from '../../fakes/small-fleet.ts';

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts');
const DEADLINE_MS = 20_000;
const made: string[] = [];

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

function folderOf(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'rollout-config-'));
  made.push(root);
  for (const [path, text] of Object.entries(smallFleet(changes))) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

function rollout(root: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  // Nothing above the folder counts as its repository.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir(), ...environment };
  const all = [MAIN, ...args, '--root', root];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8', env, timeout: DEADLINE_MS });
  return { status, stdout, stderr };
}

function git(root: string, ...args: readonly string[]): void {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'init.defaultBranch=main'];
  execFileSync('git', [...who, ...args], { cwd: root, stdio: 'ignore' });
}

describe('a broken configuration', () => {
  test('ends config and plan alike: exit code 1, and the same findings', () => {
    const root = folderOf({ 'rollout.yml': ROLLOUT.replace('soak: 5m', 'soak: 5') });
    const [config, plan] = [rollout(root, ['config']), rollout(root, ['plan'])];
    expect(config).toMatchObject({ status: 1, stdout: '' });
    expect(plan).toEqual(config);
    expect(config.stderr).toContain('rollout.yml:8:38 RC002 the value of rollout.canary.soak can not be used');
    expect(config.stderr).toContain('rollout.yml can not be used: 1 error');
  });

  test('shows a hundred findings and counts the rest', () => {
    const keys = Array.from({ length: 250 }, (_, index) => `k${index}: 1\n`).join('');
    const { stderr } = rollout(folderOf({ 'rollout.yml': `${ROLLOUT}${keys}` }), ['config']);
    expect(stderr.match(/RC001/g)).toHaveLength(100);
    expect(stderr).toContain('+150 more findings');
    expect(stderr).toContain('rollout.yml can not be used: 250 errors');
  });

  test('a pipe as rollout.yml is told at once', async () => {
    const root = folderOf({ 'rollout.yml': undefined });
    await systemProcesses.run(['mkfifo', join(root, 'rollout.yml')], { deadlineMs: DEADLINE_MS });
    const { status, stderr } = rollout(root, ['config']);
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('not a plain file') });
  });

  test('a root that does not exist is a fault that names it', () => {
    const { status, stderr } = rollout('/nope', ['config']);
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('there is no folder /nope'),
    });
  });

  test('a link out of the repository is refused without a word of what it leads to', () => {
    const root = folderOf({ 'rollout.yml': undefined });
    symlinkSync('/etc/passwd', join(root, 'rollout.yml'));
    const { status, stderr } = rollout(root, ['config']);
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('outside the repository') });
    expect(stderr).not.toContain('root:');
  });
});

describe('a plan without a history says what is really missing', () => {
  test('a folder that is no repository', () => {
    const root = folderOf();
    const { status, stderr } = rollout(root, ['plan']);
    expect(status).toBe(2);
    expect(stderr).toContain(`${root} is not in a git repository`);
    expect(stderr).toContain('git init');
    expect(stderr).not.toMatch(/install git|fatal:/);
  });

  test('a repository without a commit', () => {
    const root = folderOf();
    git(root, 'init');
    const { status, stderr } = rollout(root, ['plan']);
    expect(status).toBe(2);
    expect(stderr).toContain('has no commit yet');
    expect(stderr).toContain('git commit');
    expect(stderr).not.toMatch(/install git|fatal:|ambiguous argument/);
  });

  test('no git on this machine', () => {
    const empty = mkdtempSync(join(tmpdir(), 'rollout-path-'));
    made.push(empty);
    const { status, stderr } = rollout(folderOf(), ['plan'], { PATH: empty });
    expect(status).toBe(2);
    expect(stderr).toContain('git can not be started');
    expect(stderr).toContain('install git');
  });

  test('a repository of somebody else, which git refuses to read', () => {
    const root = folderOf();
    git(root, 'init');
    const { status, stderr } = rollout(root, ['plan'], { GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' });
    expect(status).toBe(2);
    expect(stderr).toContain('belongs to another user');
    expect(stderr).toContain(`git config --global --add safe.directory ${root}`);
  });

  test('with a commit there is a plan', () => {
    const root = folderOf();
    git(root, 'init');
    git(root, 'add', '.');
    git(root, 'commit', '-m', 'a');
    chmodSync(root, 0o755);
    expect(rollout(root, ['plan'])).toMatchObject({ status: 0 });
  });
});

test('a registry given beside the one of the file is said to count', () => {
  const { status, stderr } = rollout(folderOf(), ['config', '--registry', 'foo']);
  expect(status).toBe(0);
  expect(stderr).toContain(
    '--registry counts: images are pushed to foo/<name>, not to ghcr.io/acme/fleet/<name> as rollout.yml says',
  );
});

test('the registry of the file given once more is no news', () => {
  expect(rollout(folderOf(), ['config', '--registry', 'ghcr.io/acme/fleet']).stderr).toBe('');
});

test('a registry given in upper case is lowered, aloud', () => {
  const { status, stdout, stderr } = rollout(folderOf(), ['config', '--registry', 'ghcr.io/Acme/Fleet']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/registry +ghcr\.io\/acme\/fleet +--registry/);
  expect(stderr).toContain('--registry is taken in lower case: ghcr.io/acme/fleet');
});
