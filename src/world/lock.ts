// A kernel lock on a file: held by this process alone, gone with it, and readable as to who holds it.
import { spawn } from 'node:child_process';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault, messageOf } from '../fault.ts';
import { isoTime, systemClock } from './clock.ts';
import { systemFiles } from './files.ts';

export interface LockRequest {
  readonly path: string;
  /** What a person who waits for it should read: which rollout of what. */
  readonly purpose: string;
  /** Milliseconds to wait for another holder; then a Fault `locked` names it. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

export interface Lock {
  release(): Promise<void>;
}

export interface Locks {
  /** Throws Fault `locked` with the owner's record when the wait is over, `aborted` on the signal. */
  acquire(request: LockRequest): Promise<Lock>;
}

const RETRY_MS = 200;
/** flock's exit code for "somebody else holds it", chosen so that no other failure looks the same. */
const HELD = 75;
const LOCK_MODE = 0o660;

export const systemLocks: Locks = { acquire };

async function acquire(request: LockRequest): Promise<Lock> {
  await systemFiles.makeFolder(dirname(request.path));
  const handle = await openLockFile(request.path);
  try {
    await waitForLock(handle, request);
    await systemFiles.writeAtomic(ownerPath(request.path), ownerRecord(request.purpose), LOCK_MODE);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    release: async () => {
      await systemFiles.remove(ownerPath(request.path));
      await handle.close();
    },
  };
}

async function openLockFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a', LOCK_MODE);
  } catch (cause) {
    throw new Fault('host', `can't open the lock ${path}: ${messageOf(cause)}`, {
      where: path,
      cause,
      cure: 'run `rollout host init` as root, and be a member of the group of the engine’s socket',
    });
  }
}

async function waitForLock(handle: FileHandle, request: LockRequest): Promise<void> {
  const due = systemClock.monotonic() + request.waitMs;
  while (!(await tryLock(handle.fd))) {
    if (systemClock.monotonic() >= due) throw await lockedFault(request);
    await systemClock.sleep(RETRY_MS, request.signal);
  }
}

/**
 * Node has no flock. The lock belongs to the open file, not to a process: a child that is handed the descriptor locks
 * it and ends, and the lock stays with us. Held by a child instead, it would die of a Ctrl-C before our rollback ends.
 */
function tryLock(descriptor: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', ['-n', '-E', String(HELD), '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    child.once('error', (cause) => {
      const cure = 'install util-linux';
      reject(new Fault('unsupported', `can't run flock: ${cause.message}`, { cause, cure }));
    });
    child.once('close', (code) => {
      if (code === 0 || code === HELD) resolve(code === 0);
      else reject(new Fault('host', `flock ended with ${code}`, { expected: `0 or ${HELD}` }));
    });
  });
}

function ownerPath(path: string): string {
  return `${path}.owner`;
}

function ownerRecord(purpose: string): string {
  return `${purpose}, process ${process.pid}, since ${isoTime(systemClock.now())}\n`;
}

async function lockedFault(request: LockRequest): Promise<Fault> {
  const owner = (await systemFiles.readText(ownerPath(request.path)))?.trim();
  return new Fault('locked', 'another rollout holds the lock', {
    where: request.path,
    expected: `the lock within ${request.waitMs} ms, for ${request.purpose}`,
    found: owner === undefined ? 'a holder that left no record' : `held by ${owner}`,
    cure: 'wait for it to end; the lock goes with its process, there is nothing to delete',
  });
}
