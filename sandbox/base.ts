// Makes the images every sandbox starts with: a Python base that looks like Docker's official one, and tini.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './places.ts';
import { mirror, type Tools } from './tools.ts';
import { run } from './processes.ts';
import type { Progress } from './progress.ts';
import { seedImage } from './registry-seed.ts';

export type Publish = {
  /** The folder in which the registry keeps its images. */
  readonly storage: string;
  readonly indexUrl: string;
  readonly tools: Tools;
  readonly folder: string;
};

const BASE_IMAGE = { name: 'library/python', tag: '3.11-slim-bookworm' } as const;
const TINI_IMAGE = { name: 'library/tini', tag: '0.19.0' } as const;
/** Bumped when the base changes; an older cache is then left alone and made anew. */
const RECIPE = 'base-1';
const PYTHON = '3.11';
const SUITE = 'bookworm';
const PACKAGES = 'python3-minimal,python3-venv,ca-certificates,netbase';
/** A fixed time for every file of a layer: layers of the same content then have the same digest. */
const FIXED_TIME = '@1704067200';
const DROPPED = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/info',
  'usr/share/locale',
  'usr/share/lintian',
  'usr/share/bash-completion',
  'var/lib/apt/lists',
  'var/cache',
  'var/log',
  `usr/lib/python${PYTHON}/EXTERNALLY-MANAGED`,
];
const ENVIRONMENT = [
  'PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
  'LANG=C.UTF-8',
  'PYTHON_VERSION=3.11',
];

/** The file system of the Python base as a compressed layer, from the cache or made by debootstrap. */
export async function provideBase(tools: Tools, progress: Progress): Promise<string> {
  const layer = join(cacheFolder(), RECIPE, 'python.tar.gz');
  if (existsSync(layer)) return layer;
  const work = join(cacheFolder(), `${RECIPE}.partial`);
  const root = join(work, 'root');
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await progress.step('make the Python base with debootstrap', async () => {
    // In namespaces of its own: what it mounts and starts goes with it, also when it is killed.
    const alone = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    await run([...alone, 'debootstrap', '--variant=minbase', `--include=${PACKAGES}`, SUITE, root, await mirror()]);
  });
  await progress.step('make it look like python:3.11-slim-bookworm', async () => {
    await imitateOfficial(root, tools);
    await pack(root, join(work, 'python.tar.gz'));
  });
  await rm(root, { recursive: true });
  await rename(work, join(cacheFolder(), RECIPE));
  return layer;
}

/** Puts the base images into the registry; a Dockerfile's plain `pip install` then finds the sandbox's index, as it finds PyPI elsewhere. */
export async function publishBase(layer: string, publish: Publish): Promise<void> {
  await mkdir(publish.folder, { recursive: true });
  const settings = join(publish.folder, 'settings.tar.gz');
  const tini = join(publish.folder, 'tini.tar.gz');
  await packFiles(publish.folder, settings, { 'etc/pip.conf': pipConfiguration(publish.indexUrl) });
  await packTini(publish, tini);
  const config = { Env: ENVIRONMENT, Cmd: ['python3'] };
  await seedImage(publish.storage, { ...BASE_IMAGE, layers: [layer, settings], config });
  await seedImage(publish.storage, { ...TINI_IMAGE, layers: [tini], config: { Entrypoint: ['/tini'] } });
}

/**
 * Docker's image has its own Python in /usr/local, Debian's lies in /usr and installs elsewhere: an environment made AT
 * /usr/local gives `python`, `pip` and site-packages the places that Dockerfiles written for Docker's image expect.
 */
async function imitateOfficial(root: string, tools: Tools): Promise<void> {
  const inside = (argv: readonly string[]): Promise<string> => run(['chroot', root, ...argv]);
  await inside([`/usr/bin/python${PYTHON}`, '-m', 'venv', '/usr/local']);
  const wheels = (await readdir(tools.wheels)).filter(
    (name) => name.startsWith('wheel-') || name.startsWith('setuptools-'),
  );
  for (const name of wheels) await copyFile(join(tools.wheels, name), join(root, 'tmp', name));
  const paths = wheels.map((name) => `/tmp/${name}`);
  await inside(['/usr/local/bin/pip', 'install', '--no-index', '--no-compile', ...paths]);
  await rm(join(root, 'usr/local/bin/activate.csh'), { force: true });
  for (const name of paths) await rm(join(root, name));
  for (const name of DROPPED) await rm(join(root, name), { recursive: true, force: true });
  for (const name of ['var/cache/apt/archives/partial', 'var/lib/apt/lists/partial', 'var/log']) {
    await mkdir(join(root, name), { recursive: true });
  }
  await run(['find', root, '-name', '__pycache__', '-type', 'd', '-prune', '-exec', 'rm', '-rf', '{}', '+']);
}

async function pack(root: string, archive: string): Promise<void> {
  const owner = ['--numeric-owner', '--sort=name', `--mtime=${FIXED_TIME}`];
  const left = ['--exclude=./dev/*', '--exclude=./proc/*', '--exclude=./sys/*'];
  await run(['tar', '-C', root, ...owner, ...left, '--use-compress-program=gzip -n -6', '-cf', archive, '.']);
}

async function packFiles(folder: string, archive: string, files: Readonly<Record<string, string>>): Promise<void> {
  const root = join(folder, 'settings');
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await pack(root, archive);
}

async function packTini(publish: Publish, archive: string): Promise<void> {
  const root = join(publish.folder, 'tini');
  await mkdir(root, { recursive: true });
  await copyFile(publish.tools.tini, join(root, 'tini'));
  await pack(root, archive);
}

function pipConfiguration(indexUrl: string): string {
  const host = new URL(indexUrl).hostname;
  return `[global]\nindex-url = ${indexUrl}\ntrusted-host = ${host}\ndisable-pip-version-check = true\nroot-user-action = ignore\n`;
}
