// Sandboxes of stories: brought up before the first, and taken down after the last unless it was up before.
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SANDBOX = join(import.meta.dirname, '../../sandbox/main.ts');

/** Brings it up and gives back what takes it down again. */
export async function bringUp(name: string): Promise<() => Promise<void>> {
  const foundUp = await isUp(name);
  // Also where it is up: what died in it since is started again.
  await sandbox('up', name);
  return async () => {
    if (!foundUp) await sandbox('down', name);
  };
}

async function isUp(name: string): Promise<boolean> {
  const asked = promisify(execFile)(process.execPath, [SANDBOX, 'status', '--json', '--name', name]);
  return asked.then(
    () => true,
    () => false,
  );
}

function sandbox(verb: 'up' | 'down', name: string): Promise<void> {
  const child = spawn(process.execPath, [SANDBOX, verb, '--name', name], { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`sandbox ${verb} --name ${name}: expected exit code 0, found ${String(code)}`));
    });
  });
}
