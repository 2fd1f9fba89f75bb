// `rollout validate` as a terminal and a pull request call it: exit codes, formats and the page of a rule.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findingsSchema } from '../../../src/documents/findings.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const MAIN = join(REPOSITORY, 'src/cli/main.ts');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function rollout(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, 'validate', ...args],
      { env: { PATH: process.env['PATH'] }, timeout: 20_000 },
      (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

/** A repository known to git in which one file was put in place by a pipe afterwards. */
async function piped(path: string): Promise<string> {
  const root = await mkdtemp(join(folder, 'piped-'));
  const run = promisify(execFile);
  const texts = {
    'api/Dockerfile': 'FROM python:3.11-slim\nCOPY api /api\nRUN pip install -r /api/requirements.lock\nUSER 1\n',
    'api/requirements.lock': 'a==1 --hash=sha256:1\n',
    '.dockerignore': '*.log\n',
  };
  await mkdir(join(root, 'api'));
  for (const [name, text] of Object.entries(texts)) await writeFile(join(root, name), text);
  await run('git', ['init', '--quiet'], { cwd: root });
  await run('git', ['add', '.'], { cwd: root });
  await rm(join(root, path));
  await run('mkfifo', [join(root, path)]);
  return root;
}

let folder = '';
let broken = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollout-validate-'));
  broken = join(folder, 'broken');
  await cp(join(REPOSITORY, 'examples/fleet'), broken, { recursive: true });
  const path = join(broken, 'central_error_bus/Dockerfile');
  await writeFile(path, (await readFile(path, 'utf8')).replace('USER 10001:10001\nENTRYPOINT', 'USER bus\nENTRYPOINT'));
});

afterAll(() => rm(folder, { recursive: true }));

describe('rollout validate', () => {
  test('ends with 0 on the example fleet', async () => {
    const ended = await rollout(join(REPOSITORY, 'examples/fleet'));
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/nothing breaks, .* files checked\nlearn more of a rule: .* --explain RA202\n$/);
  });

  test('ends with 1 on an error, and shows its line without colours in a pipe', async () => {
    const ended = await rollout('--root', broken);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/central_error_bus\/Dockerfile:\d+:1 error RA301 breaks the policy\n/);
    expect(ended.stdout).toMatch(/\d+ \| USER bus\n/);
    expect(ended.stdout).not.toContain('\u001b[');
  });

  test('writes the findings document', async () => {
    const ended = await rollout('--root', broken, '--format', 'json');
    const { findings } = findingsSchema.parse(JSON.parse(ended.stdout));
    expect(findings.filter(({ severity }) => severity === 'error')).toMatchObject([{ rule: 'RA301', got: 'USER bus' }]);
  });

  test('annotates a pull request', async () => {
    const output = join(folder, 'annotations');
    expect((await rollout('--root', broken, '--format', 'github', '--output', output)).stdout).toBe('');
    expect(await readFile(output, 'utf8')).toMatch(
      /^::error file=central_error_bus\/Dockerfile,line=\d+,endLine=\d+,col=1,title=RA301/,
    );
  });

  test('says what it inferred where there is no rollout.yml', async () => {
    await rm(join(broken, 'rollout.yml'));
    const ended = await rollout(broken);
    expect(ended.stderr).toContain('there is no rollout.yml, so roles and contexts are inferred');
    expect(ended.stderr).toContain('central_error_bus/Dockerfile');
  });

  test('fails on a configuration that was named and is not there', async () => {
    const ended = await rollout(broken, '--config', 'other.yml');
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain('RC007');
  });

  test('shows no line of a file outside the repository', async () => {
    const secret = join(folder, 'secret');
    await writeFile(secret, 'registry: hush-hush\n');
    for (const file of ['../secret', secret]) {
      const ended = await rollout(broken, '--config', file);
      expect(ended.code).toBe(1);
      expect(ended.stdout + ended.stderr).not.toContain('hush-hush');
    }
  });

  test('prints the page of a rule', async () => {
    const ended = await rollout('--explain', 'ra302');
    expect(ended.stdout).toBe(await readFile(join(REPOSITORY, 'docs/rules/RA302.md'), 'utf8'));
  });

  test('prints the page of a rule of rollout.yml', async () => {
    const ended = await rollout('--explain', 'rc001');
    expect(ended.stdout).toBe(await readFile(join(REPOSITORY, 'docs/rules/RC001.md'), 'utf8'));
  });

  test('names the nearest rules where there is none of that number', async () => {
    expect((await rollout('--explain', 'RA450')).stderr).toContain('the nearest are RA409, RA408');
  });

  test.each([
    ['a Dockerfile', 'api/Dockerfile', 'RA101'],
    ['an ignore file', '.dockerignore', 'RA502'],
    ['a lock', 'api/requirements.lock', 'RA405'],
  ])('tells %s that is a pipe, and does not wait for it', async (_name, path, rule) => {
    const root = await piped(path);
    const ended = await rollout(root, '--format', 'json');
    expect(ended.code).toBe(1);
    const { findings } = findingsSchema.parse(JSON.parse(ended.stdout));
    expect(findings).toContainEqual(
      expect.objectContaining({
        ...{ rule, file: path, line: 1, expected: 'a plain file', got: 'a pipe, a socket or a device' },
      }),
    );
  });

  test.each([
    ['a folder that is not there', [join(tmpdir(), 'no-such-folder')]],
    ['a rule that is not there', ['--explain', 'RA999']],
    ['a format that is not there', ['--format', 'xml']],
    ['a flag that is not there', ['--fxi']],
  ])('ends with 2 on %s', async (_name, args) => {
    expect((await rollout(...args)).code).toBe(2);
  });
});
