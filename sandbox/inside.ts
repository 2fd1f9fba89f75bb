// Runs a command inside a host, as its user or its root. Imports next to nothing: this is started for every single command.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { hostRecord } from './places.ts';
import { children, recorded, SandboxFault } from './processes.ts';

export type Command = {
  readonly sandbox: string;
  readonly host: string;
  readonly root: boolean;
  readonly argv: readonly string[];
};

export const RUNNER = { name: 'runner', uid: 1001, gid: 1001, home: '/home/runner', dockerGid: 990 } as const;

const USER_PATH = '/usr/local/bin:/usr/bin:/bin';
const ROOT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Runs the command with this process's own input and output, and gives its exit code. */
export function runInside(command: Command): Promise<number> {
  if (process.getuid?.() !== 0) throw new SandboxFault('exec: expected root (it enters namespaces): run it as root');
  const [program = '', ...rest] = enterArgv(command);
  // The terminal's SIGINT reaches the command by itself; forwarding it too would say it twice.
  const forwarded = FORWARDED.filter((name) => !(name === 'SIGINT' && process.stdin.isTTY));
  const child = spawn(program, rest, { stdio: 'inherit', cwd: '/' });
  for (const name of FORWARDED) {
    process.on(name, () => {
      if (forwarded.includes(name) && child.pid !== undefined) forward(child.pid, name);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** The first process of a host's namespaces, if the host is on. */
export function hostInit(sandbox: string, host: string): number | undefined {
  const unshared = recorded(hostRecord(sandbox, host));
  return unshared === undefined ? undefined : children(unshared)[0];
}

function enterArgv({ sandbox, host, root, argv }: Command): readonly string[] {
  const init = hostInit(sandbox, host);
  if (init === undefined) {
    const cure = `npm run sandbox -- up --name ${sandbox}`;
    throw new SandboxFault(`host ${host} of sandbox "${sandbox}" is not running: start it with ${cure}`);
  }
  const enter = ['nsenter', '-t', String(init), '--net', '--mount', '--pid', '--uts', '--ipc', '--'];
  return [...enter, ...(root ? asRoot() : asRunner()), ...argv];
}

function asRunner(): readonly string[] {
  const { uid, gid, dockerGid, home, name } = RUNNER;
  const identity = [`--reuid=${String(uid)}`, `--regid=${String(gid)}`, `--groups=${String(gid)},${String(dockerGid)}`];
  return ['setpriv', ...identity, '--inh-caps=-all', '--', ...cleanEnvironment(home, name)];
}

function asRoot(): readonly string[] {
  return cleanEnvironment('/root', 'root');
}

function cleanEnvironment(home: string, user: string): readonly string[] {
  const folders = user === 'root' ? ROOT_PATH : USER_PATH;
  const variables = [`HOME=${home}`, `USER=${user}`, `LOGNAME=${user}`, `PATH=${folders}`, 'LANG=C.UTF-8'];
  const trust = [`SSL_CERT_FILE=${CA_BUNDLE}`, `NODE_EXTRA_CA_CERTS=${CA_BUNDLE}`];
  const terminal = process.env['TERM'] === undefined ? [] : [`TERM=${process.env['TERM']}`];
  return ['env', '-i', '-C', home, ...variables, ...trust, ...terminal];
}

/** nsenter waits for the command in the new pid namespace but hands no signal on to it. */
function forward(pid: number, signal: (typeof FORWARDED)[number]): void {
  const commands = children(pid);
  for (const command of commands.length > 0 ? commands : [pid]) {
    try {
      process.kill(command, signal);
    } catch {
      // It ended by itself in the meantime.
    }
  }
}
