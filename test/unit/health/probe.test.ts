import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Health } from '../../../src/documents/fleet.ts';
import { compareBody } from '../../../src/health/exact-json.ts';
import { httpProbe, tcpProbe } from '../../../src/health/probe.ts';
import { makeHttp } from '../../../src/world/http.ts';
import { systemSockets } from '../../../src/world/tcp.ts';

const HEALTH: Health = { path: '/health', exactly: { status: 'ok' }, minHealthyTimeMs: 0, healthyDeadlineMs: 1 };
const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('an exact body', () => {
  const compare = (text: string, type?: string): string => compareBody(Buffer.from(text), type, { status: 'ok' }).kind;

  it.each([['{"status":"ok"}'], [' {\n "status" : "ok" }\n'], ['{"\\u0073tatus":"ok"}']])('accepts %s', (text) => {
    expect(compare(text)).toBe('exact');
  });

  it.each([
    ['{"status":"error"}'],
    ['{"status":"ok","uptime":1}'],
    ['{}'],
    ['"ok"'],
    ['null'],
    ['ok'],
    ['{"status":"ok"}}'],
    ['{"status":"error","status":"ok"}'],
    ['{"status":"ok","\\u0073tatus":"ok"}'],
    ['[{"status":"ok"}]'],
  ])('refuses %s', (text) => {
    expect(compare(text)).toBe('differs');
  });

  it('reads the charset the answer claims, and refuses bytes that are not in it', () => {
    const wide = Buffer.from('{"status":"ok"}', 'utf16le');
    expect(compareBody(wide, 'application/json; charset=utf-16le', { status: 'ok' }).kind).toBe('exact');
    expect(compareBody(Buffer.from([0x7b, 0xff, 0x7d]), 'application/json', {}).kind).toBe('differs');
  });

  it('finds a key that stands twice deep inside, and none where two objects share a name', () => {
    const nested = { list: [{ a: 1 }, { a: 1 }], text: '{"a":1,"a":1}' };
    expect(compareBody(Buffer.from(JSON.stringify(nested)), undefined, nested).kind).toBe('exact');
    expect(compareBody(Buffer.from('{"x":{"a":1,"a":1}}'), undefined, { x: { a: 1 } }).kind).toBe('differs');
  });
});

describe('the HTTP probe', () => {
  const answers: readonly [string, RequestListener, string][] = [
    ['passes on 200 and the exact body', (_, res) => res.end('{"status":"ok"}'), 'success'],
    ['fails on 200 and another body', (_, res) => res.end('{"status":"error"}'), 'failure'],
    ['fails on 503 with the right body', (_, res) => res.writeHead(503).end('{"status":"ok"}'), 'failure'],
    ['fails on a redirect', (_, res) => res.writeHead(302, { location: '/ok' }).end('{"status":"ok"}'), 'failure'],
    ['fails on a body over 64 KiB', (_, res) => res.end(`{"status":"ok"}${' '.repeat(70_000)}`), 'failure'],
    ['fails on a connection that is cut', (_, res) => void res.destroy(), 'failure'],
  ];
  it.each(answers)('%s', async (_fact, listener, kind) => {
    const port = await serve(listener);
    expect((await httpProbe(makeHttp(), '127.0.0.1', port, HEALTH)()).kind).toBe(kind);
  });

  it('gives up on an answer that trickles for longer than two seconds', async () => {
    const port = await serve((_, res) => {
      const drip = setInterval(() => res.write(' '), 100);
      res.on('close', () => clearInterval(drip));
    });
    const began = performance.now();
    const result = await httpProbe(makeHttp(), '127.0.0.1', port, HEALTH)();
    expect(result.kind).toBe('failure');
    expect(performance.now() - began).toBeLessThan(2_700);
  });

  it('asks on a new connection each time', async () => {
    const ports = new Set<number>();
    const port = await serve((req, res) => {
      ports.add(req.socket.remotePort ?? 0);
      res.end('{"status":"ok"}');
    });
    const probe = httpProbe(makeHttp(), '127.0.0.1', port, HEALTH);
    expect([(await probe()).kind, (await probe()).kind]).toEqual(['success', 'success']);
    expect(ports.size).toBe(2);
  });

  it('fails when nobody listens', async () => {
    const port = await serve((_, res) => res.end());
    closing.splice(0).forEach((close) => close());
    expect((await httpProbe(makeHttp(), '127.0.0.1', port, HEALTH)()).kind).toBe('failure');
  });
});

describe('the TCP probe', () => {
  it('passes where somebody listens and fails where nobody does', async () => {
    const port = await serve(() => undefined);
    expect((await tcpProbe(systemSockets, '127.0.0.1', port)()).kind).toBe('success');
    expect((await tcpProbe(systemSockets, '127.0.0.1', 1)()).kind).toBe('failure');
  });
});
