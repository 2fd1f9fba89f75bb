// One sandbox named "stories" for all stories: brought up before the first, and down after the last unless it was up before.
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SANDBOX = join(import.meta.dirname, '../../sandbox/main.ts');
const NAME = 'stories';

let foundUp = false;

export async function setup(): Promise<void> {
  foundUp = await isUp();
  // Also where it is up: what died in it since is started again.
  await sandbox('up');
}

export async function teardown(): Promise<void> {
  if (!foundUp) await sandbox('down');
}

async function isUp(): Promise<boolean> {
  const asked = promisify(execFile)(process.execPath, [SANDBOX, 'status', '--json', '--name', NAME]);
  return asked.then(
    () => true,
    () => false,
  );
}

function sandbox(verb: 'up' | 'down'): Promise<void> {
  const child = spawn(process.execPath, [SANDBOX, verb, '--name', NAME], { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`sandbox ${verb} --name ${NAME}: expected exit code 0, found ${String(code)}`));
    });
  });
}
