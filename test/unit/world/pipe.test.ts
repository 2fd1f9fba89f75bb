import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { descriptorOf, readDescriptor } from '../../../src/world/pipe.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipe-'));
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
  ['-', 0],
  ['/dev/stdin', 0],
  ['/dev/fd/0', 0],
  ['/dev/fd/63', 63],
  ['/proc/self/fd/7', 7],
  ['/dev/null', undefined],
  ['plan.json', undefined],
  ['/dev/fd/', undefined],
])('%s is descriptor %s', (path, descriptor) => {
  expect(descriptorOf(path)).toBe(descriptor);
});

test('a file that is open already is read', async () => {
  const path = join(folder, 'document');
  await writeFile(path, 'text');
  expect(await readDescriptor(openSync(path, 'r'))).toBe('text');
});

test('a descriptor nobody opened is a fault that names it', async () => {
  const descriptor = openSync(folder, 'r');
  closeSync(descriptor);
  await expect(readDescriptor(descriptor)).rejects.toMatchObject({
    code: 'input',
    detail: { where: `/dev/fd/${descriptor}` },
  });
});

test('more than a document may have is refused', async () => {
  const path = join(folder, 'document');
  await writeFile(path, 'x'.repeat(100));
  const read = readDescriptor(openSync(path, 'r'), { deadlineMs: 5_000, maxBytes: 99 });
  await expect(read).rejects.toMatchObject({ code: 'input', detail: { expected: 'at most 99 bytes' } });
});

const SCRIPT = `
  const { readDescriptor } = await import('${join(import.meta.dirname, '../../../src/world/pipe.ts')}');
  const limits = { deadlineMs: Number(process.argv[1]), maxBytes: 1000 };
  console.log(await readDescriptor(3, limits).catch((fault) => fault.code));`;

async function readInChild(deadlineMs: number, write: string | undefined): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, String(deadlineMs)], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const pipe = child.stdio[3];
  if (write !== undefined && pipe !== null && pipe !== undefined && 'end' in pipe) pipe.end(write);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  await new Promise((resolve) => child.on('close', resolve));
  return said.trim();
}

test('a pipe of the shell is read to its end', async () => {
  expect(await readInChild(10_000, 'a document')).toBe('a document');
});

test('a pipe that never ends is given up, and holds no process', async () => {
  expect(await readInChild(200, undefined)).toBe('timeout');
});
