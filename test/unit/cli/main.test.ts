import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts');

test('a reader that closed the pipe is no failure', async () => {
  const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, said }).toEqual({ code: 0, said: '' });
});

test.each([
  [['--help'], 0],
  [['nothing-of-the-kind'], 2],
  [['constructor'], 2],
  [['plan', '--no-such-flag'], 2],
])('rollout %j ends with %i', async (args, expected) => {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: 'ignore' });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(expected);
});
