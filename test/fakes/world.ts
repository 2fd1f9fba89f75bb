// A world in memory: files in a map, a clock that jumps, processes and HTTP that answer what a test says.
import { Fault } from '../../src/fault.ts';
import type { Files } from '../../src/world/files.ts';
import type { Http, HttpAnswer, HttpRequest } from '../../src/world/http.ts';
import { silentLog } from '../../src/world/log.ts';
import type { Finished, Processes } from '../../src/world/process.ts';
import type { World } from '../../src/world/world.ts';
import { fakeClock, type FakeClock } from './clock.ts';

export interface FakeWorld extends World {
  readonly clock: FakeClock;
  readonly disk: Map<string, string>;
}

interface Answers {
  readonly variables?: Readonly<Record<string, string>>;
  readonly http?: (request: HttpRequest) => Partial<HttpAnswer>;
  readonly process?: (command: readonly string[]) => Partial<Finished>;
}

export function fakeWorld(disk: Readonly<Record<string, string>> = {}, answers: Answers = {}): FakeWorld {
  const files = new Map(Object.entries(disk));
  const variables = answers.variables ?? {};
  return {
    clock: fakeClock(),
    disk: files,
    files: filesOver(files),
    environment: { variable: (name) => variables[name], secret: () => undefined, all: () => variables },
    http: httpOver(answers.http),
    processes: processesOver(answers.process),
    log: silentLog,
  };
}

function filesOver(disk: Map<string, string>): Files {
  const under = (path: string): string[] => [...disk.keys()].filter((name) => name.startsWith(`${path}/`));
  return {
    readText: async (path) => disk.get(path),
    readBytes: async (path) => {
      const text = disk.get(path);
      return text === undefined ? undefined : Buffer.from(text);
    },
    facts: async (path) => {
      const text = disk.get(path);
      const kind = text !== undefined ? 'file' : under(path).length > 0 ? 'folder' : undefined;
      if (kind === undefined) return undefined;
      return { kind, size: text?.length ?? 0, mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 };
    },
    list: async (path) => {
      const names = new Set(under(path).map((name) => name.slice(path.length + 1).split('/')[0] ?? ''));
      return [...names].sort().map((name) => ({ name, kind: disk.has(`${path}/${name}`) ? 'file' : 'folder' }));
    },
    makeFolder: async () => undefined,
    writeAtomic: async (path, content) => void disk.set(path, Buffer.from(content).toString('utf8')),
    appendDurable: async (path, content) => void disk.set(path, (disk.get(path) ?? '') + content),
    remove: async (path) => {
      for (const name of [path, ...under(path)]) disk.delete(name);
    },
    realPath: async (path) => path,
    freeBytes: async () => 1024 ** 4,
  };
}

function httpOver(answer: Answers['http']): Http {
  const request = async (asked: HttpRequest): Promise<HttpAnswer> => {
    if (answer === undefined) throw new Fault('network', 'nobody answers', { facts: { kind: 'refused' } });
    return { status: 200, headers: {}, body: new Uint8Array(), ...answer(asked) };
  };
  return {
    request,
    stream: async (asked) => {
      const { status, body } = await request(asked);
      const chunks = (async function* () {
        yield body;
      })();
      return { status, chunks };
    },
  };
}

function processesOver(answer: Answers['process']): Processes {
  const attempt = async (command: readonly string[]): Promise<Finished> => ({
    command,
    exitCode: 0,
    signal: undefined,
    stdout: '',
    stderr: '',
    durationMs: 0,
    timedOut: false,
    ...answer?.(command),
  });
  return {
    attempt,
    run: async (command) => {
      const finished = await attempt(command);
      if (finished.exitCode === 0) return finished;
      throw new Fault('process', `exit code ${finished.exitCode}: ${command.join(' ')}`, { found: finished.stderr });
    },
    start: (command) => ({
      pid: 1,
      write: () => undefined,
      end: () => undefined,
      kill: () => undefined,
      finished: attempt(command),
    }),
  };
}
