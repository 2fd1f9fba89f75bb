// Where a sandbox keeps its files. Imports next to nothing: `exec` loads it for every single command.
import { homedir } from 'node:os';
import { join } from 'node:path';

export const DEFAULT_NAME = 'demo';
export const STATE_ROOT = '/var/lib/rollout-action-sandbox';

/** Where one sandbox keeps everything that `down` removes. */
export function stateFolder(name: string): string {
  return join(STATE_ROOT, name);
}

/** Downloads and built bases: kept from one sandbox to the next. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'rollout-action');
}

/** The description that `up` wrote last. */
export function descriptionPath(name: string): string {
  return join(stateFolder(name), 'sandbox.json');
}

/** The record of the process that holds a host's namespaces. */
export function hostRecord(name: string, host: string): string {
  return join(stateFolder(name), 'pids', `host-${host}`);
}
