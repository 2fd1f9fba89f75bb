// What the stories of one host's cutover stand on: images with known faults, a release of them, the command on the host, a client outside.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildEnvironment, type Sandbox } from '../../sandbox/contract.ts';
import { hostCutoverSchema, type HostCutover } from '../../src/documents/cutover.ts';
import { showDocument } from '../../src/documents/document.ts';
import { releaseSchema, type Release } from '../../src/documents/release.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const SERVICE = join(import.meta.dirname, 'cutover-service');
const INSTALLED = '/opt/rollout-action/bin/rollout';
export const PORT = 18_080;

export type Mode = 'ok' | 'unhealthy' | 'exits' | 'error' | 'dies';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Wanted {
  readonly tag: string;
  readonly digest: string;
  readonly colour?: string;
  readonly settings?: string;
  readonly keepFreeBytes?: number;
  readonly containerName?: string;
  readonly supervisor?: string;
  /** Digest of a second service, which needs the first. */
  readonly companion?: string;
}

export function run(
  argv: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  return started(argv, options).ended;
}

/** Starts and gives a hand on it; `heard` resolves at the first output that contains the words. */
export function started(
  argv: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
): { ended: Promise<Ran>; kill: (signal: NodeJS.Signals) => void; heard: (words: string) => Promise<void> } {
  const [command = 'false', ...rest] = argv;
  const child = spawn(command, rest, { env: options.env ?? process.env });
  const said = { stdout: '', stderr: '' };
  const waiting: { words: string; resolve: () => void }[] = [];
  const hear = (stream: 'stdout' | 'stderr') => (text: string) => {
    said[stream] += text;
    for (const { words, resolve } of waiting) if (said[stream].includes(words)) resolve();
  };
  child.stdout.setEncoding('utf8').on('data', hear('stdout'));
  child.stderr.setEncoding('utf8').on('data', hear('stderr'));
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  return {
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code: code ?? -1, ...said }))),
    kill: (signal) => void child.kill(signal),
    heard: (words) => new Promise((resolve) => waiting.push({ words, resolve })),
  };
}

/** The story's own host: a project folder, an installed command, and what runs there. */
export class StoryHost {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly project: string;
  readonly repository: string;

  constructor(sandbox: Sandbox, project: string) {
    this.sandbox = sandbox;
    this.project = project;
    this.folder = `/srv/${project}`;
    this.repository = `${sandbox.registry.address}/acme/public-${project}`;
  }

  /** Builds and pushes by digest; the same arguments give the same digest. */
  async build(mode: Mode, version: number): Promise<string> {
    const metadata = join(tmpdir(), `${this.project}-${mode}-${version}.json`);
    const push = `type=image,name=${this.repository},push=true,push-by-digest=true`;
    const args = ['--build-arg', `MODE=${mode}`, '--build-arg', `VERSION=${version}`];
    const argv = ['buildx', 'build', ...args, '--metadata-file', metadata, '--output', push, SERVICE];
    const built = await run([this.sandbox.tools.docker, ...argv], { env: buildEnvironment(this.sandbox) });
    if (built.code !== 0) throw new Error(built.stderr);
    const found: unknown = JSON.parse(await readFile(metadata, 'utf8'));
    return (found as Record<string, string>)['containerimage.digest'] ?? '';
  }

  /** The built program and this Node, put on the host by root as the README says. */
  async install(): Promise<void> {
    const unpack = 'mkdir -p /tmp/rollout && tar -x -C /tmp/rollout';
    const host = this.sandbox.hosts.mainpc.execRoot.map((word) => `'${word}'`).join(' ');
    const pack = `tar -c -C '${REPOSITORY}' dist -C '${dirname(process.execPath)}' node | ${host} sh -c '${unpack}'`;
    await expectDone(run(['bash', '-o', 'pipefail', '-c', pack]));
    await expectDone(this.root('/tmp/rollout/node', '/tmp/rollout/dist/cli/index.js', 'host', 'init'));
  }

  /** An empty project folder with secrets and data that are in no repository, and no trace of an earlier story. */
  async reset(): Promise<void> {
    const remove = `docker ps -aq --filter name=${this.project} | xargs -r docker rm -f`;
    const state = `rm -rf /var/lib/rollout-action/${this.project}* /var/lib/rollout-action/@project`;
    const folder = `rm -rf ${this.folder} && install -d -o runner -g runner ${this.folder} ${this.folder}/data`;
    const secrets = `printf 'COLOUR=blue\\nAPI_TOKEN=do-not-tell-this\\n' > ${this.folder}/.env && chmod 600 ${this.folder}/.env && chown runner ${this.folder}/.env`;
    await expectDone(this.root('sh', '-c', [remove, state, folder, secrets].join(' && ')));
  }

  release({ tag, digest, colour, settings, keepFreeBytes, containerName, supervisor, companion }: Wanted): Release {
    const { project, repository } = this;
    const named = containerName === undefined ? '' : `    container_name: ${containerName}\n`;
    const compose = `services:
  ${project}:
    image: ${repository}:\${FORCE_IMAGE_TAG:-none}
${named}    ports: ["${PORT}:8080"]
    restart: unless-stopped
    environment: { COLOUR: "${colour ?? '${COLOUR:?say which}'}", API_TOKEN: "\${API_TOKEN:?}" }
    volumes: ["./data:/data", "./config/settings.json:/etc/settings.json:ro"]
${companion === undefined ? '' : this.companionCompose()}`;
    const expected = { platform: 'linux/amd64', labels: {} };
    const image = { image: project, kind: 'service', repository, tag, digest, origin: 'built' };
    return releaseSchema.parse({
      schema: 'rollout/release',
      version: 1,
      createdAt: '2026-11-23T20:00:00Z',
      revision: 'a'.repeat(40),
      registry: dirname(repository),
      tag,
      images: [
        { name: project, ...image, expected },
        ...(companion === undefined
          ? []
          : [{ ...image, name: 'companion', image: 'companion', digest: companion, expected }]),
      ],
      deployment: {
        machines: [
          {
            ...{ name: 'mainpc', compose: 'compose.mainpc.yml', directory: this.folder, engine: 'compose' },
            ...{ runsOn: [], reach: [], offline: 'fail', keepFreeBytes: keepFreeBytes ?? 0 },
          },
        ],
        placements: [this.placement(containerName), ...(companion === undefined ? [] : [this.companion()])],
        supervisors: supervisor === undefined ? [] : [{ container: supervisor, during: 'stop' }],
        waves: [],
        ...{ servicesAtOnce: 4, machinesAtOnce: 1, onFailure: 'rollback', keepReleases: 2 },
        files: [file('compose.mainpc.yml', compose), file('config/settings.json', settings ?? '{}\n')],
      },
    });
  }

  private companionCompose(): string {
    return `  companion:
    image: ${this.repository}:\${FORCE_IMAGE_TAG:-none}
    ports: ["${PORT + 1}:8080"]
    volumes: ["./data:/data"]
    depends_on: [${this.project}]
`;
  }

  private companion(): object {
    return {
      ...this.placement(undefined),
      ...{
        service: `${this.project}-companion`,
        image: 'companion',
        composeService: 'companion',
        after: [this.project],
      },
      ports: [{ host: PORT + 1, container: 8080, protocol: 'tcp' }],
      mounts: [],
    };
  }

  private placement(containerName: string | undefined): object {
    const { project } = this;
    return {
      ...{ service: project, machine: 'mainpc', image: project, composeService: project, gpu: false, devices: [] },
      ...(containerName === undefined ? {} : { containerName }),
      ports: [{ host: PORT, container: 8080, protocol: 'tcp' }],
      environmentFiles: [],
      mounts: [
        { source: 'data', target: '/data', readOnly: false, kind: 'host' },
        { source: 'config/settings.json', target: '/etc/settings.json', readOnly: true, kind: 'repository' },
      ],
      ...{ after: [], stopGraceMs: 10_000, strategy: 'stop-first', strategyReason: 'a story' },
      health: {
        path: '/health',
        exactly: { status: 'ok' },
        port: 8080,
        minHealthyTimeMs: 500,
        healthyDeadlineMs: 5_000,
      },
    };
  }

  async cutover(wanted: Wanted, ...flags: readonly string[]): Promise<Ran & { report: HostCutover | undefined }> {
    const ran = await this.begin(wanted, ...flags).ended;
    return { ...ran, report: reportIn(ran.stdout) };
  }

  begin(wanted: Wanted, ...flags: readonly string[]): ReturnType<typeof started> {
    const input = showDocument(this.release(wanted));
    const argv = [INSTALLED, 'cutover', '--machine', 'mainpc', '--release', '-', ...flags];
    return started([...this.sandbox.hosts.mainpc.exec, ...argv], { input });
  }

  command(input: string, ...argv: readonly string[]): Promise<Ran> {
    return run([...this.sandbox.hosts.mainpc.exec, INSTALLED, ...argv], { input });
  }

  runner(...argv: readonly string[]): Promise<Ran> {
    return run([...this.sandbox.hosts.mainpc.exec, ...argv]);
  }

  root(...argv: readonly string[]): Promise<Ran> {
    return run([...this.sandbox.hosts.mainpc.execRoot, ...argv]);
  }

  /** What the service's containers are, one line each: name, state, image. */
  async containers(): Promise<readonly string[]> {
    const listed = await this.runner(
      'docker',
      'ps',
      '-a',
      '--filter',
      `name=${this.project}`,
      '--format',
      '{{.Names}} {{.State}} {{.ID}}',
    );
    return listed.stdout
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .toSorted();
  }

  read(path: string): Promise<string> {
    return readFile(join(this.sandbox.hosts.mainpc.srv, this.project, path), 'utf8');
  }

  /** The version that answers at the published port, seen from outside the host; undefined when nobody does. */
  version(): Promise<string | undefined> {
    return ask(`http://${this.sandbox.hosts.mainpc.address}:${PORT}/`, 2_000);
  }

  /** Asks every 20 ms until it is stopped; then the times without an answer, in milliseconds. */
  watch(): { stop: () => Promise<{ gaps: readonly number[]; asked: number }> } {
    const url = `http://${this.sandbox.hosts.mainpc.address}:${PORT}/`;
    const seen: { gaps: number[]; asked: number } = { gaps: [], asked: 0 };
    const state = { stopped: false };
    const ended = (async () => {
      let lastGood = performance.now();
      for (let failed = false; !state.stopped; seen.asked += 1) {
        const answered = (await ask(url, 200)) !== undefined;
        if (answered && failed) seen.gaps.push(Math.round(performance.now() - lastGood));
        if (answered) lastGood = performance.now();
        failed = !answered;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    return {
      stop: async () => {
        state.stopped = true;
        await ended;
        return seen;
      },
    };
  }
}

export function reportIn(stdout: string): HostCutover | undefined {
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.includes('"kind":"result"')) return undefined;
  return hostCutoverSchema.parse((JSON.parse(last) as { report: unknown }).report);
}

function ask(url: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(/"version": "(\w+)"/.exec(text)?.[1]));
      response.on('error', () => resolve(undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

function file(path: string, text: string): unknown {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { machine: 'mainpc', path, sha256, contentBase64: Buffer.from(text).toString('base64') };
}

async function expectDone(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}: ${ran.stderr}${ran.stdout}`);
  return ran;
}
