// The sandbox is what it says: a registry that asks for tokens, hosts whose user is not root, an index that counts.
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildEnvironment, readSandbox, type Sandbox } from '../../sandbox/contract.ts';

type Ran = { readonly code: number; readonly output: string; readonly milliseconds: number };

const REPOSITORY = join(import.meta.dirname, '../..');
const MAIN = join(REPOSITORY, 'sandbox/main.ts');
const PUBLIC = 'acme/public-story:1';
const PRIVATE = 'acme/private-story:1';

const networkOf = new Map<string, string>();

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await readSandbox('stories');
  const tini = `${sandbox.registry.address}/library/tini:0.19.0`;
  for (const name of [PUBLIC, PRIVATE]) await crane('copy', tini, `${sandbox.registry.address}/${name}`);
});

describe('up', () => {
  test('a second up changes no process and no password', async () => {
    const before = await processes();
    const again = await run([process.execPath, MAIN, 'up', '--name', 'stories', '--json']);
    expect(again.code).toBe(0);
    expect(again.milliseconds).toBeLessThan(10_000);
    expect(await readSandbox('stories')).toEqual(sandbox);
    expect(await processes()).toEqual(before);
  });

  test('an up after the registry, its door and an engine were killed starts them again', async () => {
    const before = await processes();
    for (const pid of [before['registry'], before['gateway'], before['host-pc2']]) process.kill(Number(pid), 'SIGKILL');
    const again = await run([process.execPath, MAIN, 'up', '--name', 'stories']);
    expect(again.code).toBe(0);
    const after = await processes();
    expect(after['host-mainpc']).toBe(before['host-mainpc']);
    expect(after['host-pc2']).not.toBe(before['host-pc2']);
    expect((await onHost('pc2', 'docker', 'version')).code).toBe(0);
    expect((await crane('digest', reference(PRIVATE))).code).toBe(0);
  });
});

describe('down', () => {
  test('leaves nothing of a sandbox whose up was killed in the middle', async () => {
    const name = 'killed';
    const died = await run([process.execPath, MAIN, 'up', '--name', name], { killAfterMs: 1_300 });
    expect(died.code).not.toBe(0);
    expect(await leftOf(name), 'what the killed one left').not.toEqual([]);
    expect((await run([process.execPath, MAIN, 'down', '--name', name])).code).toBe(0);
    expect(await leftOf(name)).toEqual([]);
  });
});

describe('the registry', () => {
  test('anyone pulls a public name', async () => {
    expect((await onHost('mainpc', 'docker', 'pull', '-q', reference(PUBLIC))).code).toBe(0);
  });

  test('nobody pulls a private name without a login', async () => {
    const pulled = await onHost('mainpc', 'docker', 'pull', '-q', reference(PRIVATE));
    expect(pulled.code).not.toBe(0);
    expect(pulled.output).toMatch(/denied/);
  });

  test('nobody pushes without a login, not even to a public name', async () => {
    // A tag of its own: an engine has nothing to push where the registry already has all of it.
    const target = reference('acme/public-story:refused');
    await onHost('mainpc', 'docker', 'pull', '-q', reference(PUBLIC));
    await onHost('mainpc', 'docker', 'tag', reference(PUBLIC), target);
    const pushed = await onHost('mainpc', 'docker', 'push', target);
    expect(pushed.code).not.toBe(0);
    expect(pushed.output).toMatch(/denied|authorization failed/);
  });

  test('a wrong password is refused, the right one opens private names', async () => {
    const login = ['docker', 'login', '-u', sandbox.registry.user, '--password-stdin', sandbox.registry.address];
    const refused = await run([...sandbox.hosts.pc2.exec, ...login], { input: 'wrong' });
    expect(refused.code).not.toBe(0);
    const accepted = await run([...sandbox.hosts.pc2.exec, ...login], { input: sandbox.registry.password });
    expect(accepted.code, accepted.output).toBe(0);
    const pulled = await onHost('pc2', 'docker', 'pull', '-q', reference(PRIVATE));
    await onHost('pc2', 'docker', 'logout', sandbox.registry.address);
    expect(pulled.code, pulled.output).toBe(0);
  });

  test('a manifest that is deleted is gone', async () => {
    const target = reference('acme/public-deleted:1');
    await crane('copy', reference(PUBLIC), target);
    const digest = (await crane('digest', target)).output.trim();
    expect((await crane('delete', `${reference('acme/public-deleted')}@${digest}`)).code).toBe(0);
    expect((await crane('digest', target)).code).not.toBe(0);
  });
});

describe('exec', () => {
  test('runs as user 1001 in the group of the socket and no other', async () => {
    expect((await onHost('mainpc', 'id', '-u')).output.trim()).toBe('1001');
    expect((await onHost('mainpc', 'id', '-Gn')).output.trim()).toBe('runner docker');
  });

  test('reads neither the clone, nor the home of root, nor the keys of the sandbox', async () => {
    for (const path of [REPOSITORY, '/root', `/var/lib/rollout-action-sandbox/stories`]) {
      const listed = await onHost('mainpc', 'ls', path);
      expect(listed.code, path).not.toBe(0);
    }
  });

  test('cannot become root', async () => {
    expect((await onHost('mainpc', 'sh', '-c', 'sudo -n true || su -c true </dev/null')).code).not.toBe(0);
    expect((await onHost('mainpc', 'setpriv', '--reuid=0', 'true')).code).not.toBe(0);
  });

  test('hands on input, output and exit code', async () => {
    const ran = await run([...sandbox.hosts.mainpc.exec, 'sh', '-c', 'cat; pwd; exit 7'], { input: 'said\n' });
    expect(ran).toMatchObject({ code: 7, output: 'said\n/home/runner\n' });
  });

  test('hands on a SIGTERM', async () => {
    const script = 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done';
    const ran = await run([...sandbox.hosts.mainpc.exec, 'sh', '-c', script], { terminateAt: 'ready' });
    expect(ran.code).toBe(9);
  });

  test('a container that restarts always is back after the plug was pulled', async () => {
    const argv = [
      'docker',
      'run',
      '-d',
      '--restart',
      'always',
      '--name',
      'keeper',
      'python:3.11-slim-bookworm',
      'sleep',
    ];
    expect((await onHost('pc2', ...argv, 'infinity')).code).toBe(0);
    await run([process.execPath, MAIN, 'power', 'pc2', 'off', '--name', 'stories']);
    expect((await run([process.execPath, MAIN, 'power', 'pc2', 'on', '--name', 'stories'])).code).toBe(0);
    const running = ['docker', 'ps', '--filter', 'status=running', '--format', '{{.Names}}'];
    await expect.poll(async () => (await onHost('pc2', ...running)).output.trim(), { timeout: 10_000 }).toBe('keeper');
    await onHost('pc2', 'docker', 'rm', '-f', 'keeper');
  });

  test('while one host reboots, the other keeps reaching the registry', async () => {
    const ask = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '2'];
    for (const state of ['off', 'on']) {
      expect((await run([process.execPath, MAIN, 'power', 'pc2', state, '--name', 'stories'])).code).toBe(0);
      const asked = await onHost('mainpc', ...ask, `https://${sandbox.registry.address}/v2/`);
      expect(asked.output, state).toBe('401');
    }
  });

  test('a host that is switched off says so and how to start it', async () => {
    expect((await run([process.execPath, MAIN, 'power', 'pc2', 'off', '--name', 'stories'])).code).toBe(0);
    const refused = await onHost('pc2', 'true');
    expect((await run([process.execPath, MAIN, 'power', 'pc2', 'on', '--name', 'stories'])).code).toBe(0);
    expect(refused.code).toBe(2);
    expect(refused.output).toMatch(/pc2 of sandbox "stories" is not running.*up --name stories/);
    expect((await onHost('pc2', 'docker', 'version')).code).toBe(0);
  });
});

describe('the hosts', () => {
  test('have each their own /srv, seen from outside under the path that is told', async () => {
    await run([...sandbox.hosts.mainpc.execRoot, 'sh', '-c', 'hostname > /srv/story']);
    expect(await readFile(join(sandbox.hosts.mainpc.srv, 'story'), 'utf8')).toBe('mainpc\n');
    expect((await onHost('pc2', 'ls', '/srv/story')).code).not.toBe(0);
    await rm(join(sandbox.hosts.mainpc.srv, 'story'));
  });

  test('an image that was only built is on neither of them', async () => {
    const built = await build('FROM scratch\nCOPY --from=tini:0.19.0 /tini /tini\n');
    expect(built.code, built.output).toBe(0);
    const pulled = await onHost('mainpc', 'docker', 'image', 'inspect', reference('acme/public-built'));
    expect(pulled.code).not.toBe(0);
  });
});

describe('the index', () => {
  test('its access log counts every file that a build fetched', async () => {
    const before = await served('fleetkit-1.1.0-py3-none-any.whl');
    const line = 'FROM python:3.11-slim-bookworm\nRUN pip install --no-cache-dir fleetkit==1.1.0 torchlight==2.1.0\n';
    const built = await build(line);
    expect(built.code, built.output).toBe(0);
    expect(await served('fleetkit-1.1.0-py3-none-any.whl')).toBe(before + 1);
    expect(await served('torchlight-2.1.0.tar.gz')).toBeGreaterThan(0);
  });
});

function reference(name: string): string {
  return `${sandbox.registry.address}/${name}`;
}

/** The recorded processes of the sandbox: name → pid. */
async function processes(): Promise<Record<string, string>> {
  const names = ['registry', 'gateway', 'host-mainpc', 'host-pc2', 'host-builder'];
  const folder = '/var/lib/rollout-action-sandbox/stories/pids';
  const read = names.map(async (name) => [name, (await readFile(join(folder, name), 'utf8')).split(' ')[0] ?? '']);
  return Object.fromEntries(await Promise.all(read)) as Record<string, string>;
}

/** Everything by which a sandbox of that name could still be noticed on this machine. */
async function leftOf(name: string): Promise<readonly string[]> {
  const folder = `/var/lib/rollout-action-sandbox/${name}`;
  const network = await readFile(join(folder, 'network.json'), 'utf8').catch(() => '');
  if (network !== '') networkOf.set(name, /\d+/.exec(network)?.[0] ?? '');
  const asked = [
    ['ls', '-d', folder],
    ['sh', '-c', `ip -o link | grep 'rollout${networkOf.get(name) ?? 'none'}[-:@]'`],
    ['sh', '-c', `grep -a ' ${folder}' /proc/mounts`],
    ['sh', '-c', `ls -d /sys/fs/cgroup/rollout-sandbox-${name} /sys/fs/cgroup/*/rollout-sandbox-${name} 2>/dev/null`],
    ['sh', '-c', `grep -lazx ROLLOUT_SANDBOX=${name} /proc/[0-9]*/environ 2>/dev/null`],
  ];
  const found = await Promise.all(asked.map((argv) => run(argv, { outputOnly: true })));
  return found.map(({ output }) => output).filter((output) => output !== '');
}

async function served(filename: string): Promise<number> {
  const lines = (await readFile(sandbox.index.accessLog, 'utf8').catch(() => '')).split('\n');
  return lines.filter((line) => line.includes(`/packages/${filename}"`) && line.includes('"status":200')).length;
}

/** Builds without cache and pushes by digest, as the product does. */
function build(dockerfile: string): Promise<Ran> {
  const output = `type=image,name=${reference('acme/public-built')},push=true,push-by-digest=true,rewrite-timestamp=true`;
  const argv = ['buildx', 'build', '--no-cache', '--output', output, '-'];
  return run([sandbox.tools.docker, ...argv], { env: buildEnvironment(sandbox), input: dockerfile });
}

function crane(...argv: readonly string[]): Promise<Ran> {
  return run([sandbox.tools.crane, ...argv], { env: buildEnvironment(sandbox) });
}

function onHost(host: 'mainpc' | 'pc2', ...argv: readonly string[]): Promise<Ran> {
  return run([...sandbox.hosts[host].exec, ...argv]);
}

type Options = {
  readonly env?: Record<string, string>;
  readonly input?: string;
  readonly terminateAt?: string;
  readonly killAfterMs?: number;
  readonly outputOnly?: boolean;
};

function run(argv: readonly string[], options: Options = {}): Promise<Ran> {
  const [command = '', ...rest] = argv;
  const started = performance.now();
  return new Promise((resolve) => {
    const child = execFile(command, rest, { env: options.env ?? process.env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({
        code,
        output: options.outputOnly === true ? stdout : stdout + stderr,
        milliseconds: performance.now() - started,
      });
    });
    child.stdout?.on('data', (text: string) => {
      if (options.terminateAt !== undefined && text.includes(options.terminateAt)) child.kill('SIGTERM');
    });
    if (options.killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), options.killAfterMs);
    // A command that reads no input may be gone before it is written.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}
