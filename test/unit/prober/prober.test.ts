// The prober against a real server on loopback whose own account says what was to be seen.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProbeReport } from '../../../src/documents/cutover.ts';
import { PERIOD_MS, probe } from '../../../src/prober/prober.ts';
import type { ProbeTarget } from '../../../src/prober/target.ts';
import { systemClock } from '../../../src/world/clock.ts';
import { askFresh, type AskFresh } from '../../../src/world/fresh-connection.ts';
import { systemProcesses } from '../../../src/world/process.ts';

const GOOD = '{ "status" : "ok" }\n';
const good: RequestListener = (_request, response) => void response.end(GOOD);
const servers = new Set<Server>();

async function serve(listener: RequestListener, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer(listener);
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

async function close(server: Server): Promise<void> {
  servers.delete(server);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

afterEach(async () => {
  await Promise.all([...servers].map(close));
});

const target = (port: number): ProbeTarget => ({
  machine: 'mainpc',
  service: 'brain',
  url: `http://127.0.0.1:${port}/health`,
  expect: { status: 'ok' },
  vantage: 'host',
});

interface Probing {
  readonly ready: Promise<void>;
  end(): Promise<ProbeReport>;
}

function start(port: number, ask: AskFresh = askFresh): Probing {
  const stop = new AbortController();
  let onReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const reports = probe({ targets: [target(port)], ask, clock: systemClock, stop: stop.signal, onReady });
  return {
    ready,
    end: async () => {
      stop.abort();
      return (await reports)[0]!;
    },
  };
}

const pause = (ms: number): Promise<void> => systemClock.sleep(ms);

/** A service that can be switched off and on at one port, and that knows when it answered. */
async function switchable(): Promise<{ port: number; answered: number[]; off(): Promise<void>; on(): Promise<void> }> {
  const answered: number[] = [];
  const listener: RequestListener = (_request, response) => {
    answered.push(performance.now());
    response.end(GOOD);
  };
  const first = await serve(listener);
  let { server } = first;
  return {
    port: first.port,
    answered,
    off: () => close(server),
    on: async () => {
      ({ server } = await serve(listener, first.port));
    },
  };
}

describe('the prober', () => {
  it('measures a gap as long as the server was really away, within its latency', async () => {
    const service = await switchable();
    const probing = start(service.port);
    await pause(400);
    await service.off();
    const lastBefore = service.answered.at(-1)!;
    const before = service.answered.length;
    await pause(600);
    await service.on();
    await pause(400);
    const report = await probing.end();
    const away = service.answered[before]! - lastBefore;
    expect(away).toBeGreaterThan(500);
    expect(Math.abs(report.longestGapMs - away)).toBeLessThanOrEqual(report.latencyMs!.max + 1);
    expect(report.totalGapMs).toBe(report.longestGapMs);
    expect(report.gaps).toHaveLength(1);
    expect(report.failed).toBeGreaterThan(0);
    // What was on its way when the server left is reset; all that came later is refused.
    expect(report.failures['refused']).toBeGreaterThan(0);
    expect((report.failures['refused'] ?? 0) + (report.failures['reset'] ?? 0)).toBe(report.failed);
    expect(report.requests - report.failed).toBe(service.answered.length);
    expect(report.before).toBeUndefined();
    expect(report.stillFailing).toBeUndefined();
  });

  it('sees no gap and no failure where there is none', async () => {
    const { port } = await serve(good);
    const probing = start(port);
    await probing.ready;
    await pause(500);
    const report = await probing.end();
    expect(report).toMatchObject({ failed: 0, failures: {}, longestGapMs: 0, totalGapMs: 0, gaps: [] });
    expect(report.requests).toBeGreaterThan(1);
  });

  it('opens a new connection for every question', async () => {
    let connections = 0;
    const { server, port } = await serve(good);
    server.on('connection', () => (connections += 1));
    const probing = start(port);
    await pause(300);
    expect((await probing.end()).requests).toBe(connections);
  });

  it('says that a service was down before, and counts none of it as a failure of the rollout', async () => {
    const service = await switchable();
    await service.off();
    const probing = start(service.port);
    await pause(300);
    await service.on();
    await pause(300);
    const report = await probing.end();
    expect(report.before?.failed).toBe(report.requests - service.answered.length);
    expect(report.before?.failures).toEqual({ refused: report.before?.failed });
    expect(report).toMatchObject({ failed: 0, failures: {}, longestGapMs: 0 });
  });

  it('says that a service does not answer at the end, and how long at least', async () => {
    const service = await switchable();
    const probing = start(service.port);
    await pause(200);
    await service.off();
    await pause(300);
    const report = await probing.end();
    expect(report.stillFailing).toBe(true);
    expect(report.longestGapMs).toBeGreaterThan(200);
  });

  it('never asks in bursts, and admits its resolution when it was held up', async () => {
    const { port } = await serve(good);
    const asked: number[] = [];
    const ask: AskFresh = (request) => {
      asked.push(performance.now());
      return askFresh(request);
    };
    const probing = start(port, ask);
    await pause(200);
    const until = performance.now() + 400;
    while (performance.now() < until);
    await pause(200);
    const report = await probing.end();
    const between = asked.slice(1).map((at, index) => at - asked[index]!);
    expect(report.resolutionMs).toBeGreaterThanOrEqual(Math.max(...between) - 1);
    expect(report.resolutionMs).toBeGreaterThanOrEqual(350);
    const span = asked.at(-1)! - asked[0]!;
    expect(asked.length).toBeLessThanOrEqual((span - report.resolutionMs!) / PERIOD_MS + 3);
  });

  it('hears answers that overtake each other in the order of their questions', async () => {
    let n = 0;
    const { port } = await serve((_request, response) => {
      n += 1;
      if (n === 3) setTimeout(() => void response.end(GOOD), 250);
      else response.end(GOOD);
    });
    const probing = start(port);
    await pause(500);
    const report = await probing.end();
    expect(report.failed).toBe(0);
    expect(report.latencyMs?.max).toBeGreaterThan(200);
    expect(report.resolutionMs).toBeLessThan(200);
  });
});

describe('a failure is called', () => {
  const classOf = async (listener: RequestListener): Promise<readonly string[]> => {
    let first = true;
    const { port } = await serve((request, response) => {
      if (first) good(request, response);
      else listener(request, response);
      first = false;
    });
    const probing = start(port);
    await pause(2.5 * PERIOD_MS);
    return Object.keys((await probing.end()).failures);
  };

  it.each<[string, RequestListener]>([
    ['status-503', (_request, response) => void response.writeHead(503).end(GOOD)],
    ['status-302', (_request, response) => void response.writeHead(302, { location: '/' }).end()],
    ['body', (_request, response) => void response.end('{"status":"error"}')],
    ['body', (_request, response) => void response.end('{"status":"ok","more":1}')],
    ['body', (_request, response) => void response.end('ok')],
    ['body', (_request, response) => void response.end(`${' '.repeat(70_000)}${GOOD}`)],
    ['reset', (request) => void request.socket.resetAndDestroy()],
    ['reset', (request, response) => void response.write('{', () => request.socket.destroy())],
    ['timeout', () => undefined],
  ])('%s', async (name, listener) => {
    expect(await classOf(listener)).toEqual([name]);
  });
});

describe('rollout probe', () => {
  const command = ['node', 'src/cli/main.ts', 'probe'];

  it('says ready once all were asked, lives through Ctrl-C, and reports when its input closes', async () => {
    const service = await switchable();
    const lines: string[] = [];
    const ready = Promise.withResolvers<null>();
    const child = systemProcesses.start(command, {
      deadlineMs: 15_000,
      onLine: (line, stream) => {
        if (stream === 'stdout') lines.push(line);
        ready.resolve(null);
      },
    });
    child.write(`${JSON.stringify({ targets: [target(service.port)] })}\n`);
    await ready.promise;
    expect(lines).toEqual(['{"kind":"ready"}']);
    expect(service.answered.length).toBeGreaterThan(0);
    child.kill('SIGINT');
    await pause(200);
    child.end();
    expect((await child.finished).exitCode).toBe(0);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({
      kind: 'reports',
      reports: [{ service: 'brain', failed: 0, requests: service.answered.length }],
    });
  });

  it.each(['', 'nonsense\n', '{"targets":[{}]}\n'])('refuses the input %j', async (stdin) => {
    const finished = await systemProcesses.attempt(command, { deadlineMs: 15_000, stdin });
    expect(finished.exitCode).toBe(2);
    expect(finished.stderr).toMatch(/standard input/);
  });
});
