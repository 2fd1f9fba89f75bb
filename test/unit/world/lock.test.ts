import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemLocks } from '../../../src/world/lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

const request = (waitMs: number) => ({ path: join(folder, 'web/lock'), purpose: 'release r1 of web', waitMs });

describe('a lock', () => {
  it('is held by one, and says to the next who that is', async () => {
    const lock = await systemLocks.acquire(request(0));
    const refused = systemLocks.acquire(request(0));
    await expect(refused).rejects.toMatchObject({
      code: 'locked',
      detail: { found: expect.stringMatching(/^held by release r1 of web, process \d+, since 20/) },
    });
    await lock.release();
    await (await systemLocks.acquire(request(0))).release();
  });

  it('is waited for as long as was said', async () => {
    const lock = await systemLocks.acquire(request(0));
    setTimeout(() => void lock.release(), 300);
    await (await systemLocks.acquire(request(5_000))).release();
  });

  it('is given up on the signal', async () => {
    const lock = await systemLocks.acquire(request(0));
    const signal = AbortSignal.timeout(100);
    await expect(systemLocks.acquire({ ...request(60_000), signal })).rejects.toMatchObject({ code: 'aborted' });
    await lock.release();
  });

  it('is gone with the process that held it, also by SIGKILL', async () => {
    const program = `import { systemLocks } from ${JSON.stringify(join(import.meta.dirname, '../../../src/world/lock.ts'))};
      await systemLocks.acquire(${JSON.stringify(request(0))}); console.log('held'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program]);
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    await expect(systemLocks.acquire(request(0))).rejects.toMatchObject({ code: 'locked' });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    await (await systemLocks.acquire(request(0))).release();
  });
});
