import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { print, say } from '../../../src/world/terminal.ts';

const failing = (code: string): Writable =>
  new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`${code}: no`), { code })),
  });

describe('a document', () => {
  test('that is not taken is a fault with its cure', async () => {
    await expect(print('text', failing('ENOSPC'))).rejects.toMatchObject({
      code: 'host',
      detail: { where: 'standard output', expected: 'room for 4 bytes', found: 'ENOSPC: no', cure: expect.any(String) },
    });
  });

  test('whose reader has left is no failure, the second one neither', async () => {
    const left = failing('EPIPE');
    await expect(print('text', left)).resolves.toBeUndefined();
    await expect(print('more', left)).resolves.toBeUndefined();
  });
});

test.each(['EPIPE', 'EIO', 'ENOSPC'])('words for people never stop the work: %s', async (code) => {
  const lost = failing(code);
  for (const word of ['one', 'two']) say(word, lost);
  await new Promise((resolve) => setImmediate(resolve));
  expect(lost.errored).toMatchObject({ code });
});

test.each(['/dev/full', 'a closed pipe'])('a process that logs to %s comes to its end', async (kind) => {
  const world = join(import.meta.dirname, '../../../src/world');
  const script = `
    const { makeLog } = await import('${world}/log.ts');
    const { processEnvironment } = await import('${world}/environment.ts');
    const log = makeLog(processEnvironment);
    for (let n = 0; n < 20; n += 1) { log.info('step ' + n); await new Promise((go) => setTimeout(go, 5)); }
    console.log('came to its end');`;
  const stderr = kind === '/dev/full' ? openSync(kind, 'w') : 'pipe';
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', stderr] });
  child.stderr?.destroy();
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, said }).toEqual({ code: 0, said: 'came to its end\n' });
});
