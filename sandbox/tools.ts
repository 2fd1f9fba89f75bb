// Fetches the container tools from Debian's own packages and unpacks them beside the machine's, installing as little as possible.
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { cacheFolder } from './places.ts';
import { attempt, run, SandboxFault } from './processes.ts';
import type { Progress } from './progress.ts';

export type Tools = {
  /** Laid over a host's /usr/local. */
  readonly local: string;
  readonly bin: string;
  readonly plugins: string;
  readonly tini: string;
  /** Wheels that builds of sdists need: setuptools and wheel. */
  readonly wheels: string;
  readonly suite: string;
  readonly versions: Readonly<Record<string, string>>;
};

/** Bumped when what is unpacked changes; an older cache is then left alone and made anew. */
const RECIPE = 'tools-1';
/** Testing first, for the newest engine; the release before it when testing needs a newer C library than the machine's. */
const SUITES = ['testing', 'trixie'] as const;
const ENGINE_PACKAGES = [
  'docker.io',
  'docker-cli',
  'docker-buildx',
  'docker-compose',
  'containerd',
  'docker-registry',
] as const;
/** The judge of our own registry client's answers: Debian 13 has none, testing's needs no newer C library than Debian 12's. */
const JUDGE_PACKAGE = 'crane';
const JUDGE_SUITE = 'testing';
/** From the machine's own sources: testing's runc needs a newer C library than Debian 12 has. */
const OWN_PACKAGES = ['runc', 'tini', 'python3-setuptools-whl', 'python3-wheel-whl'] as const;
/** Programs that have to be installed, by the package that brings them. */
const INSTALLED = {
  ip: 'iproute2',
  iptables: 'iptables',
  debootstrap: 'debootstrap',
  openssl: 'openssl',
  nsenter: 'util-linux',
} as const;
const MIRROR_LIST = 'mirror+file:';
const PROGRAM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;
const BINARIES = {
  docker: 'usr/bin/docker',
  dockerd: 'usr/sbin/dockerd',
  'docker-proxy': 'usr/sbin/docker-proxy',
  'docker-registry': 'usr/bin/docker-registry',
  containerd: 'usr/bin/containerd',
  'containerd-shim-runc-v2': 'usr/bin/containerd-shim-runc-v2',
  crane: 'usr/bin/crane',
  runc: 'usr/sbin/runc',
  'docker-init': 'usr/bin/tini-static',
} as const;
const PLUGINS = ['docker-buildx', 'docker-compose'] as const;
/** The version of a tool that does not run here, for want of a newer C library perhaps. */
const NONE = 'none';
const MINIMUM = { docker: '26.1', dockerd: '26.1', containerd: '1.7', buildx: '0.13', compose: '2.26' } as const;

/** The unpacked tools, fetched first where they are missing. */
export async function provideTools(progress: Progress): Promise<Tools> {
  await installMissing(progress);
  const refused: string[] = [];
  for (const suite of SUITES) {
    try {
      return await unpackedFrom(suite, progress);
    } catch (error) {
      if (!(error instanceof SandboxFault)) throw error;
      refused.push(`Debian ${suite}: ${error.message}`);
    }
  }
  throw new SandboxFault(`no container tools for this machine:\n  ${refused.join('\n  ')}`);
}

/** The mirror of the machine's own package sources. */
export async function mirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  const names = existsSync(folder) ? (await readdir(folder)).filter((name) => /\.(sources|list)$/.test(name)) : [];
  const paths = ['/etc/apt/sources.list', ...names.map((name) => join(folder, name))].filter((path) =>
    existsSync(path),
  );
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  const found = texts.flatMap(debianAddresses)[0];
  if (found !== undefined) return found.startsWith(MIRROR_LIST) ? firstOf(found.slice(MIRROR_LIST.length)) : found;
  throw new SandboxFault(`no Debian package source found in ${paths.join(', ')}: add one, then run this again`);
}

/** Debian's images for clouds name a file of mirrors, which debootstrap does not understand. */
async function firstOf(list: string): Promise<string> {
  const path = list.replace(/^\/\//, '');
  const first = (await readFile(path, 'utf8')).split('\n').find((line) => /^https?:/.test(line));
  if (first === undefined) throw new SandboxFault(`${path}: expected a line with a mirror's address, found none`);
  return first.split(/\s/)[0] ?? first;
}

/** The addresses, in a sources file of either format, whose suites are a Debian release of 12 or later. */
export function debianAddresses(text: string): readonly string[] {
  const release = /\b(bookworm|trixie|forky|testing|stable|sid)(\s|$)/;
  const stanzas = text.split(/\n\s*\n/).filter((stanza) => /^Suites:.*/m.test(stanza));
  const listed = stanzas
    .filter((stanza) => release.test(/^Suites:(.*)$/m.exec(stanza)?.[1] ?? ''))
    .flatMap((stanza) => /^URIs:\s*(\S+)/m.exec(stanza)?.[1] ?? []);
  const lines = text.split('\n').flatMap((line) => {
    const match = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line);
    return match?.[1] !== undefined && release.test(match[2] ?? '') ? [match[1]] : [];
  });
  return [...listed, ...lines].filter((address) => !address.startsWith('cdrom:'));
}

/** Whether a dotted version is at least another, number by number. */
export function atLeast(found: string, least: string): boolean {
  const numbers = (version: string): number[] => (version.match(/\d+/g) ?? []).map(Number);
  const [left, right] = [numbers(found), numbers(least)];
  for (const [place, wanted] of right.entries()) {
    const got = left[place] ?? 0;
    if (got !== wanted) return got > wanted;
  }
  return true;
}

async function installMissing(progress: Progress): Promise<void> {
  const missing = Object.entries(INSTALLED).filter(([program]) => !hasProgram(program));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages];
  await progress.step(`install ${packages.join(', ')}`, async () => {
    await run(['apt-get', 'update', '-q']);
    await run(install, { env: environment });
  });
}

function hasProgram(name: string): boolean {
  return PROGRAM_FOLDERS.some((folder) => existsSync(join(folder, name)));
}

async function unpackedFrom(suite: string, progress: Progress): Promise<Tools> {
  const folder = join(cacheFolder(), 'tools', `${RECIPE}-${suite}`);
  const facts = join(folder, 'versions.json');
  if (!existsSync(facts))
    await progress.step(`fetch the container tools of Debian ${suite}`, () => unpack(suite, folder));
  const versions = z.record(z.string(), z.string()).parse(JSON.parse(await readFile(facts, 'utf8')));
  refuseOld(versions);
  const local = join(folder, 'local');
  return {
    local,
    bin: join(local, 'bin'),
    plugins: join(local, 'lib/docker/cli-plugins'),
    tini: join(local, 'bin/docker-init'),
    wheels: join(folder, 'wheels'),
    suite,
    versions,
  };
}

function refuseOld(versions: Readonly<Record<string, string>>): void {
  const old = Object.entries(MINIMUM).filter(([name, least]) => !atLeast(versions[name] ?? NONE, least));
  if (old.length === 0) return;
  const said = old.map(([name, least]) => `${name}: expected ${least} or newer, found ${versions[name] ?? NONE}`);
  throw new SandboxFault(`unfit tools:\n    ${said.join('\n    ')}\n    point apt at a current Debian mirror`);
}

async function unpack(suite: string, folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  const [archives, root] = [join(partial, 'archives'), join(partial, 'root')];
  await mkdir(archives, { recursive: true });
  await download({ suite, packages: ENGINE_PACKAGES, partial, archives });
  await download({ suite: JUDGE_SUITE, packages: [JUDGE_PACKAGE], partial, archives });
  await downloadOwn(archives);
  for (const archive of await readdir(archives)) await run(['dpkg', '-x', join(archives, archive), root]);
  await layOut(root, partial);
  const versions = {
    ...(await versionsOf(join(partial, 'local'))),
    crane: await craneVersion(partial, await readdir(archives)),
  };
  await writeFile(join(partial, 'versions.json'), JSON.stringify(versions, null, 2));
  await Promise.all([archives, root, join(partial, 'apt')].map((path) => rm(path, { recursive: true })));
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
}

type Download = {
  readonly suite: string;
  readonly packages: readonly string[];
  readonly partial: string;
  readonly archives: string;
};

/** Uses a source list and state folders of its own, so that the machine's own lists stay as they are. */
async function download({ suite, packages, partial, archives }: Download): Promise<void> {
  const apt = join(partial, 'apt', suite);
  await mkdir(join(apt, 'lists/partial'), { recursive: true });
  await mkdir(join(apt, 'cache/archives/partial'), { recursive: true });
  const list = join(apt, 'engine.sources');
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const source = [
    'Types: deb',
    `URIs: ${await mirror()}`,
    `Suites: ${suite}`,
    'Components: main',
    `Signed-By: ${keyring}`,
  ];
  await writeFile(list, source.join('\n') + '\n');
  const options = [
    ['Dir::Etc::sourcelist', list],
    ['Dir::Etc::sourceparts', '/nonexistent'],
    ['Dir::State::lists', join(apt, 'lists')],
    ['Dir::Cache', join(apt, 'cache')],
  ].flatMap(([key, value]) => ['-o', `${String(key)}=${String(value)}`]);
  await run(['apt-get', ...options, 'update', '-q']);
  await runIn(archives, ['apt-get', ...options, 'download', '-q', ...packages]);
}

async function downloadOwn(archives: string): Promise<void> {
  const argv = ['apt-get', 'download', '-q', ...OWN_PACKAGES];
  const { code } = await attempt(inFolder(archives, argv));
  if (code === 0) return;
  // The lists of a bare machine may be absent or older than its mirror.
  await run(['apt-get', 'update', '-q']);
  await runIn(archives, argv);
}

async function runIn(folder: string, argv: readonly string[]): Promise<void> {
  await run(inFolder(folder, argv));
}

function inFolder(folder: string, argv: readonly string[]): readonly string[] {
  return ['env', '-C', folder, ...argv];
}

async function layOut(root: string, partial: string): Promise<void> {
  const [bin, plugins] = [join(partial, 'local/bin'), join(partial, 'local/lib/docker/cli-plugins')];
  await mkdir(bin, { recursive: true });
  await mkdir(plugins, { recursive: true });
  await mkdir(join(partial, 'wheels'), { recursive: true });
  for (const [name, path] of Object.entries(BINARIES)) await place(join(root, path), join(bin, name));
  for (const name of PLUGINS) await place(join(root, 'usr/libexec/docker/cli-plugins', name), join(plugins, name));
  await symlink('docker-init', join(bin, 'tini'));
  const wheels = join(root, 'usr/share/python-wheels');
  for (const name of await readdir(wheels)) await copyFile(join(wheels, name), join(partial, 'wheels', name));
}

async function place(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await chmod(to, 0o755);
}

/** Debian's build of crane does not know its own version: the package's name does. */
async function craneVersion(partial: string, archives: readonly string[]): Promise<string> {
  if ((await attempt([join(partial, 'local/bin/crane'), 'version'])).code !== 0) return NONE;
  const name = archives.find((archive) => archive.startsWith('crane_')) ?? '';
  return /_(\d+\.\d+(\.\d+)*)/.exec(name)?.[1] ?? NONE;
}

/** What each tool says of itself, or that it does not run here. */
async function versionsOf(local: string): Promise<Readonly<Record<string, string>>> {
  const questions: Readonly<Record<string, readonly string[]>> = {
    docker: ['bin/docker', '--version'],
    dockerd: ['bin/dockerd', '--version'],
    containerd: ['bin/containerd', '--version'],
    runc: ['bin/runc', '--version'],
    buildx: ['lib/docker/cli-plugins/docker-buildx', 'version'],
    compose: ['lib/docker/cli-plugins/docker-compose', 'version'],
    registry: ['bin/docker-registry', '--version'],
  };
  const asked = Object.entries(questions).map(async ([name, [path = '', ...rest]]) => {
    const { code, stdout } = await attempt([join(local, path), ...rest]);
    return [name, code === 0 ? (/\d+\.\d+(\.\d+)*/.exec(stdout)?.[0] ?? NONE) : NONE] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}
