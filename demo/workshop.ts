// A copy of the example fleet with a git history of its own, pointed at the sandbox's registry and hosts.
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildEnvironment, type Sandbox } from '../sandbox/contract.ts';
import { call, REPOSITORY } from './stage.ts';

export interface Workshop {
  readonly folder: string;
  /** `10.0.0.1:5000/acme/fleet` */
  readonly registry: string;
}

const EXAMPLE_HOST = 'ghcr.io';
const AUTHOR = ['-c', 'user.name=Fleet Owner', '-c', 'user.email=owner@fleet.example'];

/** Makes the copy anew and commits it. */
export async function openWorkshop(sandbox: Sandbox): Promise<Workshop> {
  const folder = join(homedir(), '.cache/rollout-action/workshop', sandbox.name, 'fleet');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(join(REPOSITORY, 'examples/fleet'), folder, {
    recursive: true,
    filter: (path) => !path.includes('__pycache__'),
  });
  await pointAtRegistry(folder, sandbox);
  await pinBases(folder, sandbox);
  await tellMachines(folder, sandbox);
  await call(['git', 'init', '--quiet', '--initial-branch', 'main'], { cwd: folder });
  await commit(folder, 'Move the fleet to the sandbox');
  return { folder, registry: `${sandbox.registry.address}/acme/fleet` };
}

/** Commits all changes; returns the full revision. */
export async function commit(folder: string, message: string): Promise<string> {
  await call(['git', 'add', '--all'], { cwd: folder });
  await call(['git', ...AUTHOR, 'commit', '--quiet', '--message', message], { cwd: folder });
  return (await call(['git', 'rev-parse', 'HEAD'], { cwd: folder })).trim();
}

/** Replaces text in one file of the copy; text that is not there ends the demonstration. */
export async function edit(folder: string, file: string, from: string | RegExp, to: string): Promise<void> {
  const path = join(folder, file);
  const before = await readFile(path, 'utf8');
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${file} has no ${from} to replace`);
  await writeFile(path, after);
}

async function pointAtRegistry(folder: string, sandbox: Sandbox): Promise<void> {
  for (const file of await textFiles(folder)) {
    const text = await readFile(file, 'utf8');
    const moved = text.replaceAll(`${EXAMPLE_HOST}/acme/`, `${sandbox.registry.address}/acme/`);
    if (moved !== text) await writeFile(file, moved);
  }
}

/** The owner of a real fleet pins the bases once; the sandbox's bases have digests of their own. */
async function pinBases(folder: string, sandbox: Sandbox): Promise<void> {
  const file = 'images/base-python/Dockerfile';
  const python = `${sandbox.registry.address}/library/python:3.11-slim-bookworm`;
  const tini = `${sandbox.registry.address}/library/tini:0.19.0`;
  await edit(folder, file, /^ARG PYTHON_IMAGE=.*$/m, `ARG PYTHON_IMAGE=${python}@${await digestOf(sandbox, python)}`);
  await edit(folder, file, /^ARG TINI_IMAGE=.*$/m, `ARG TINI_IMAGE=${tini}@${await digestOf(sandbox, tini)}`);
}

async function digestOf(sandbox: Sandbox, reference: string): Promise<string> {
  return (await call([sandbox.tools.crane, 'digest', reference], { environment: buildEnvironment(sandbox) })).trim();
}

/** How a terminal reaches the two hosts, and where a client finds their ports. */
async function tellMachines(folder: string, sandbox: Sandbox): Promise<void> {
  for (const [name, host] of Object.entries(sandbox.hosts)) {
    const reach = `reach: ${JSON.stringify(host.exec)}, address: ${host.address}`;
    await edit(folder, 'rollout.yml', new RegExp(`^(  ${name}:.*directory: [^ ]+) }$`, 'm'), `$1, ${reach} }`);
  }
}

async function textFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
