// One `up` or `down` at a time on this machine: they share the cache, the choice of networks and the interfaces.
import { createServer, type Server } from 'node:net';
import type { Progress } from './progress.ts';
import { until } from './processes.ts';

/** A name in the kernel, not in the file system: it is free again in the moment its holder dies, however it dies. */
const LOCK = '\0rollout-action-sandbox';
/** A first `up` may download and debootstrap for minutes. */
const LOCK_DEADLINE_MS = 600_000;

export async function withLock<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  const held = (await take()) ?? (await waitFor(progress));
  try {
    return await work();
  } finally {
    held.close();
  }
}

function waitFor(progress: Progress): Promise<Server> {
  progress.say('waits for another up, down or power on this machine');
  return until('another up, down or power to end (ss -xlp shows who)', LOCK_DEADLINE_MS, take);
}

function take(): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => {
      resolve(undefined);
    });
    server.listen(LOCK, () => {
      resolve(server);
    });
  });
}
