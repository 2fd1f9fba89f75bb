// Brings a sandbox up: tools, network, certificates, registry, index, hosts, base images; whatever already stands is kept.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { provideBase, publishBase } from './base.ts';
import { provideCertificates, type Certificates } from './certificates.ts';
import type { Sandbox } from './contract.ts';
import type { GatewayConfig } from './gateway.ts';
import { bootHost, BUILDER, ENGINES, hostFolder, socketPath, type Place } from './hosts.ts';
import { RUNNER } from './inside.ts';
import { gatewayAddress, hostAddress, loopbackAddress, provideNetwork, readNetwork, type Network } from './network.ts';
import { hashLines, makePackages, PACKAGE_SOURCES } from './packages.ts';
import { attempt, endRecorded, recorded, run, SandboxFault, startDaemon, until } from './processes.ts';
import { createProgress, type Progress } from './progress.ts';
import { descriptionPath, stateFolder } from './places.ts';
import { provideTools, type Tools } from './tools.ts';

type Site = {
  readonly name: string;
  readonly network: Network;
  readonly tools: Tools;
  readonly certificates: Certificates;
  readonly login: { readonly user: string; readonly password: string };
  readonly progress: Progress;
};

const PORTS = { registry: 5000, upstream: 5001, index: 8080, buildkit: 1234 } as const;
const ISSUER = 'rollout sandbox';
const USER = 'acme-publisher';
const PUBLIC_PREFIXES = ['library/', 'acme/public-'] as const;
const SERVER_DEADLINE_MS = 10_000;
const STOP_GRACE_MS = 2_000;

/** Brings up the sandbox of that name and describes it; a second time it only looks that everything still stands. */
export async function up(name: string, progress: Progress): Promise<Sandbox> {
  const tools = await provideTools(progress);
  progress.say(`Debian ${tools.suite}: ${versionLine(tools)}`);
  const base = await provideBase(tools, progress);
  const network = await provideNetwork(name);
  const certificates = await provideCertificates(join(stateFolder(name), 'tls'), gatewayAddress(network));
  const site: Site = { name, network, tools, certificates, login: await provideLogin(name), progress };
  await mkdir(join(stateFolder(name), 'pids'), { recursive: true });
  await writeIndex(site);
  await progress.step('base images', () => provideImages(site, base));
  await progress.step('registry, token service, package index', () => startServers(site));
  await progress.step('hosts mainpc, pc2 and the builder', () => bootAll(site));
  await provideClient(site);
  const described = describe(site);
  const path = descriptionPath(name);
  await writeFile(`${path}.new`, `${JSON.stringify(described, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return described;
}

/** What booting one host of a sandbox that was up takes. */
export async function placeOf(name: string, host: string): Promise<Place> {
  const network = await readNetwork(name);
  if (network === undefined)
    throw new SandboxFault(`there is no sandbox "${name}": npm run sandbox -- up --name ${name}`);
  const tools = await provideTools(createProgress());
  const bundle = join(stateFolder(name), 'tls/bundle.pem');
  return { sandbox: name, host, network, local: tools.local, bundle, registry: registryAddress({ network }) };
}

function versionLine({ versions }: Tools): string {
  return Object.entries(versions)
    .map(([tool, version]) => `${tool} ${version}`)
    .join(', ');
}

function registryAddress({ network }: Pick<Site, 'network'>): string {
  return `${gatewayAddress(network)}:${String(PORTS.registry)}`;
}

function indexUrl({ network }: Site): string {
  return `http://${gatewayAddress(network)}:${String(PORTS.index)}/simple/`;
}

function inState({ name }: Pick<Site, 'name'>, ...parts: readonly string[]): string {
  return join(stateFolder(name), ...parts);
}

async function provideLogin(name: string): Promise<Site['login']> {
  const path = inState({ name }, 'password');
  if (!existsSync(path)) await writeFile(path, randomBytes(18).toString('base64url'), { mode: 0o600 });
  return { user: USER, password: await readFile(path, 'utf8') };
}

/** A static index (PEP 503): what was made here, and the wheels that building an sdist needs. */
async function writeIndex(site: Site): Promise<void> {
  const folder = inState(site, 'index/files');
  const made = await makePackages();
  const committed = await readFile(join(PACKAGE_SOURCES, 'HASHES.txt'), 'utf8');
  if (hashLines(made) !== committed)
    throw new SandboxFault(`${PACKAGE_SOURCES}/HASHES.txt does not fit the sources beside it`);
  const wheels = await Promise.all(
    (await readdir(site.tools.wheels)).map(async (filename) => {
      const bytes = await readFile(join(site.tools.wheels, filename));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { project: filename.slice(0, filename.indexOf('-')), filename, bytes, sha256 };
    }),
  );
  const files = [...made, ...wheels];
  const projects = [...new Set(files.map(({ project }) => project))];
  await writePage(
    join(folder, 'simple'),
    projects.map((project) => `<a href="${project}/">${project}</a>`),
  );
  for (const project of projects) {
    const own = files.filter((file) => file.project === project);
    for (const { filename, bytes } of own) {
      await mkdir(join(folder, 'packages'), { recursive: true });
      await writeFile(join(folder, 'packages', filename), bytes);
    }
    const link = ({ filename, sha256 }: (typeof own)[number]): string =>
      `<a href="../../packages/${filename}#sha256=${sha256}">${filename}</a>`;
    await writePage(join(folder, 'simple', project), own.map(link));
  }
}

async function writePage(folder: string, links: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'index.html'), `<!DOCTYPE html><html><body>\n${links.join('<br>\n')}\n</body></html>\n`);
}

async function startServers(site: Site): Promise<void> {
  const [registry, gateway] = [inState(site, 'pids/registry'), inState(site, 'pids/gateway')];
  const stands = recorded(registry) !== undefined && recorded(gateway) !== undefined;
  if (stands && (await answers(site))) return;
  await Promise.all([endRecorded(registry, STOP_GRACE_MS), endRecorded(gateway, STOP_GRACE_MS)]);
  const configuration = { registry: inState(site, 'registry.json'), gateway: inState(site, 'gateway.json') };
  await writeFile(configuration.registry, JSON.stringify(registryConfiguration(site), null, 2));
  await writeFile(configuration.gateway, JSON.stringify(gatewayConfiguration(site), null, 2), { mode: 0o600 });
  const start = (argv: readonly string[], record: string): number =>
    startDaemon({ argv, log: `${record.replace('/pids/', '/')}.log`, record });
  start([join(site.tools.bin, 'docker-registry'), 'serve', configuration.registry], registry);
  start([process.execPath, join(import.meta.dirname, 'gateway.ts'), configuration.gateway], gateway);
  const what = `registry at ${registryAddress(site)} (logs: ${inState(site, 'gateway.log')}, registry.log)`;
  await until(what, SERVER_DEADLINE_MS, async () => ((await answers(site)) ? true : undefined));
}

/** Whether the registry asks for a token, which needs the door and the registry behind it. */
function answers(site: Site): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get(
      `https://${registryAddress(site)}/v2/`,
      { rejectUnauthorized: false, timeout: 2_000 },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 401);
      },
    );
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => {
      resolve(false);
    });
  });
}

/** JSON is YAML too. */
function registryConfiguration(site: Site): Readonly<Record<string, unknown>> {
  const address = `https://${registryAddress(site)}`;
  return {
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: inState(site, 'registry') },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: `${loopbackAddress(site.network)}:${String(PORTS.upstream)}`, host: address },
    auth: {
      token: {
        realm: `${address}/token`,
        service: registryAddress(site),
        issuer: ISSUER,
        rootcertbundle: site.certificates.token.certificate,
      },
    },
  };
}

function gatewayConfiguration(site: Site): GatewayConfig {
  return {
    address: gatewayAddress(site.network),
    loopback: loopbackAddress(site.network),
    ports: PORTS,
    tls: site.certificates.server,
    token: { issuer: ISSUER, ...site.login, publicPrefixes: [...PUBLIC_PREFIXES], ...site.certificates.token },
    registryLog: inState(site, 'registry-access.log'),
    index: { folder: inState(site, 'index/files'), accessLog: inState(site, 'index/access.log') },
    builderSocket: socketPath(site.name, BUILDER),
  };
}

async function bootAll(site: Site): Promise<void> {
  const { network, tools, certificates } = site;
  const common = { sandbox: site.name, network, local: tools.local, bundle: certificates.bundle };
  await Promise.all(ENGINES.map((host) => bootHost({ ...common, host, registry: registryAddress(site) })));
}

/** The folder of a logged-in docker client, with its plugins and a builder that can push by digest. */
async function provideClient(site: Site): Promise<void> {
  const folder = inState(site, 'client');
  const plugins = join(folder, 'cli-plugins');
  await rm(plugins, { recursive: true, force: true });
  await mkdir(plugins, { recursive: true });
  for (const plugin of await readdir(site.tools.plugins))
    await symlink(join(site.tools.plugins, plugin), join(plugins, plugin));
  const auth = Buffer.from(`${site.login.user}:${site.login.password}`).toString('base64');
  const config = { auths: { [registryAddress(site)]: { auth } } };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config), { mode: 0o600 });
  const builder = builderFacts(site);
  const docker = [join(site.tools.bin, 'docker'), 'buildx'];
  const options = { env: clientEnvironment(site) };
  const known = await attempt([...docker, 'inspect', builder.name], options);
  if (known.code === 0) return;
  await run([...docker, 'create', '--name', builder.name, '--driver', 'remote', builder.endpoint], options);
}

function builderFacts(site: Site): Sandbox['builder'] {
  const endpoint = `tcp://${loopbackAddress(site.network)}:${String(PORTS.buildkit)}`;
  return { socket: socketPath(site.name, BUILDER), endpoint, name: `sandbox-${site.name}` };
}

function clientEnvironment(site: Site): Readonly<Record<string, string>> {
  return {
    DOCKER_CONFIG: inState(site, 'client'),
    SSL_CERT_FILE: site.certificates.bundle,
    NODE_EXTRA_CA_CERTS: site.certificates.ca,
    BUILDX_BUILDER: builderFacts(site).name,
  };
}

async function provideImages(site: Site, base: string): Promise<void> {
  const done = inState(site, 'base-published');
  if (existsSync(done)) return;
  const [storage, folder] = [inState(site, 'registry'), inState(site, 'base')];
  await publishBase(base, { storage, folder, indexUrl: indexUrl(site), tools: site.tools });
  await writeFile(done, '');
}

function describe(site: Site): Sandbox {
  const { name, network, tools, certificates, login } = site;
  return {
    name,
    registry: {
      address: registryAddress(site),
      ca: certificates.ca,
      ...login,
      accessLog: inState(site, 'registry-access.log'),
    },
    index: { url: indexUrl(site), accessLog: inState(site, 'index/access.log') },
    hosts: { mainpc: describeHost(name, 'mainpc', network), pc2: describeHost(name, 'pc2', network) },
    builder: builderFacts(site),
    tools: {
      path: tools.bin,
      docker: join(tools.bin, 'docker'),
      crane: join(tools.bin, 'crane'),
      versions: tools.versions,
    },
    environment: clientEnvironment(site),
  };
}

function describeHost(name: string, host: string, network: Network): Sandbox['hosts']['mainpc'] {
  const exec = [process.execPath, join(import.meta.dirname, 'main.ts'), 'exec', host, '--name', name];
  return {
    address: hostAddress(network, host),
    socket: socketPath(name, host),
    srv: join(hostFolder(name, host), 'srv'),
    runner: { uid: RUNNER.uid, gid: RUNNER.gid },
    exec: [...exec, '--'],
    execRoot: [...exec, '--root', '--'],
  };
}
