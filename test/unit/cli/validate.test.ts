// `rollout validate` as a terminal and a pull request call it: exit codes, formats and the page of a rule.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
      { env: { PATH: process.env['PATH'] } },
      (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
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
    expect(ended.stdout).toMatch(/nothing breaks, .* files checked\n$/);
  });

  test('ends with 1 on an error, and shows its line without colours in a pipe', async () => {
    const ended = await rollout('--root', broken);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/central_error_bus\/Dockerfile:\d+:1 error RA301 \(policy\)/);
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

  test('prints the page of a rule', async () => {
    const ended = await rollout('--explain', 'ra302');
    expect(ended.stdout).toBe(await readFile(join(REPOSITORY, 'docs/rules/RA302.md'), 'utf8'));
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
