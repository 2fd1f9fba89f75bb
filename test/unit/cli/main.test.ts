import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../../../src/cli/version.ts';
import { smallRelease } from '../../fakes/fleet-release.ts';

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts');
const PACKAGE = join(import.meta.dirname, '../../../package.json');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Streams {
  readonly node?: readonly string[];
  readonly stdout?: number | 'pipe';
}

function rollout(args: readonly string[], { node = [], stdout = 'pipe' }: Streams = {}): Promise<Ended> {
  return ended(spawn(process.execPath, [...node, MAIN, ...args], { stdio: ['ignore', stdout, 'pipe'] }));
}

function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said })));
}

test('a reader that closed the pipe is no failure', async () => {
  const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  expect(await ended(child)).toMatchObject({ code: 0, stderr: '' });
});

test.each([
  [[], 2],
  [['--help'], 0],
  [['help', 'plan'], 0],
  [['help', 'nothing-of-the-kind'], 2],
  [['nothing-of-the-kind'], 2],
  [['constructor'], 2],
  [['plan', '--no-such-flag'], 2],
])('rollout %j ends with %i', async (args, expected) => {
  expect((await rollout(args)).code).toBe(expected);
});

test('rollout help VERB is the help of the verb', async () => {
  const [asked, flagged] = [await rollout(['help', 'verify']), await rollout(['verify', '--help'])];
  expect(asked.stdout).toMatch(/^usage: rollout verify /);
  expect(asked).toEqual(flagged);
});

test('a command that is nearly one is told', async () => {
  expect((await rollout(['verfiy'])).stderr).toContain('did you mean rollout verify?');
});

test.each(['--version', '-V', 'version'])('rollout %s tells the version of package.json and the Node', async (flag) => {
  const { version }: { version: string } = JSON.parse(await readFile(PACKAGE, 'utf8'));
  expect(VERSION).toBe(version);
  expect((await rollout([flag])).stdout).toBe(`rollout ${version}, node ${process.version}, ${MAIN}\n`);
});

test('an old Node is refused before anything is done', async () => {
  const script = "Object.defineProperty(process, 'version', { value: 'v20.20.2' })";
  const { code, stdout, stderr } = await rollout(['--version'], {
    node: ['--import', `data:text/javascript,${script}`],
  });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.split('\n').slice(0, 4)).toEqual([
    'rollout does not run on Node v20.20.2',
    `  where     ${process.execPath}`,
    '  expected  Node 24 or newer',
    '  found     v20.20.2',
  ]);
  expect(stderr).toContain('  cure      install Node 24');
});

describe('standard output on a full disk', () => {
  const full = (): Streams => ({ stdout: openSync('/dev/full', 'w') });

  test.each([[['--help']], [['report', '--format', 'json']]])('%j is a fault that says so', async (args) => {
    const { code, stderr } = await rollout(args, full());
    expect(code).toBe(2);
    expect(stderr).toContain('standard output did not take what was to be written\n  where     standard output\n');
    expect(stderr).toMatch(/ {2}found {5}.*ENOSPC.*\n {2}cure {6}make room where it leads/);
    expect(stderr).not.toContain('bug in rollout-action');
  });
});

test('standard input holds one document, not two', async () => {
  const child = spawn(process.execPath, [MAIN, 'report', '--release', '-', '--plan', '-']);
  child.stdin.end(JSON.stringify(smallRelease()));
  const { code, stderr } = await ended(child);
  expect(code).toBe(2);
  expect(stderr).toContain('name a file for the other one');
});

test('a document may come through a pipe that the shell opened', async () => {
  const script = '"$0" "$1" verify --release <(echo "{}") 2>&1; echo "$?"';
  const { stdout } = await ended(spawn('bash', ['-c', script, process.execPath, MAIN]));
  expect(stdout).toMatch(/\/dev\/fd\/\d+ is not the document this verb needs\n[^]*\n2\n$/);
});
