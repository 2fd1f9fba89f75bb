// Takes a sandbox down, whole or half made, until nothing of it is left but the downloads.
import { existsSync } from 'node:fs';
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { STATE_ROOT, stateFolder } from './places.ts';
import { cgroupParent } from './hosts.ts';
import { readNetwork, removeNetwork } from './network.ts';
import { end, endRecorded, marked, run } from './processes.ts';
import type { Progress } from './progress.ts';

const CGROUPS = '/sys/fs/cgroup';

/** Ends what runs, removes what was made. Says whether there was anything. */
export async function down(name: string, progress: Progress): Promise<boolean> {
  const folder = stateFolder(name);
  const stray = marked(name);
  if (!existsSync(folder) && stray.length === 0) return false;
  await progress.step('end its processes', () => endAll(name, folder));
  const network = await readNetwork(name);
  if (network !== undefined) await removeNetwork(network);
  await removeGroups(cgroupParent(name));
  await progress.step('remove its files', () => run(['rm', '-rf', '--one-file-system', folder]));
  // Fails while another sandbox has its files there.
  await rmdir(STATE_ROOT).catch(() => undefined);
  return true;
}

async function endAll(name: string, folder: string): Promise<void> {
  const records = join(folder, 'pids');
  const names = existsSync(records) ? await readdir(records) : [];
  await Promise.all(names.map((record) => endRecorded(join(records, record), 0)));
  // Those that were started in the moment before their record was written.
  await Promise.all(marked(name).map((pid) => end(pid, 0)));
}

/** Control groups outlive the processes in them; a group can go once those inside it are gone. */
async function removeGroups(parent: string): Promise<void> {
  if (!existsSync(CGROUPS)) return;
  const hierarchies = ['.', ...(await readdir(CGROUPS))].map((name) => join(CGROUPS, name, parent));
  for (const group of hierarchies) {
    if (existsSync(group)) await removeGroup(group);
  }
}

async function removeGroup(group: string): Promise<void> {
  const inner = await readdir(group, { withFileTypes: true });
  for (const entry of inner) {
    if (entry.isDirectory()) await removeGroup(join(group, entry.name));
  }
  await rmdir(group);
}
