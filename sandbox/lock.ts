// One `up` or `down` at a time on this machine: they share the cache, the choice of networks and the interfaces.
import { writeFileSync, rmSync, readFileSync } from 'node:fs';
import { recorded, startTime, until } from './processes.ts';

/** A first `up` may debootstrap for minutes. */
const LOCK_DEADLINE_MS = 600_000;

/** Runs the work while holding a lock file; a lock whose holder is dead is taken over. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await until(`lock ${path}, held by process ${holder(path)}`, LOCK_DEADLINE_MS, () => (take(path) ? true : undefined));
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path: string): boolean {
  try {
    writeFileSync(path, `${String(process.pid)} ${startTime(process.pid) ?? '0'}\n`, { flag: 'wx' });
    return true;
  } catch {
    if (recorded(path) === undefined) rmSync(path, { force: true });
    return false;
  }
}

function holder(path: string): string {
  try {
    return readFileSync(path, 'utf8').split(' ')[0] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
