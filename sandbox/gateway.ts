// The sandbox's one server process: the registry's TLS door with its token service, the package index, the way to BuildKit.
import { createWriteStream, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import { extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream';
import * as z from 'zod';
import { answerToken, type TokenPolicy } from './tokens.ts';

const schema = z.object({
  address: z.string(),
  loopback: z.string(),
  ports: z.object({ registry: z.number(), upstream: z.number(), index: z.number(), buildkit: z.number() }),
  tls: z.object({ certificate: z.string(), key: z.string() }),
  token: z.object({
    issuer: z.string(),
    user: z.string(),
    password: z.string(),
    publicPrefixes: z.array(z.string()),
    certificate: z.string(),
    key: z.string(),
  }),
  registryLog: z.string(),
  index: z.object({ folder: z.string(), accessLog: z.string() }),
  builderSocket: z.string(),
});

export type GatewayConfig = z.infer<typeof schema>;

type Log = (request: http.IncomingMessage, response: http.ServerResponse, bytes: number) => void;

const CONTENT_TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.whl': 'application/octet-stream' };

if (process.argv[1] === import.meta.filename) serve(process.argv[2] ?? '');

function serve(path: string): void {
  const config = schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  serveRegistry(config);
  serveIndex(config);
  serveBuildKit(config);
  process.on('uncaughtException', (error) => {
    // A client that goes away in the middle must not take the registry of everybody else with it.
    console.error(new Date().toISOString(), error);
    if ('syscall' in error && error.syscall === 'listen') process.exit(1);
  });
}

/** One address for both, as at ghcr.io: /token beside /v2/. */
function serveRegistry(config: GatewayConfig): void {
  const { certificate, key, ...rest } = config.token;
  const policy: TokenPolicy = {
    ...rest,
    service: `${config.address}:${String(config.ports.registry)}`,
    certificate: readFileSync(certificate, 'utf8'),
    key: readFileSync(key, 'utf8'),
  };
  const tls = { cert: readFileSync(config.tls.certificate), key: readFileSync(config.tls.key) };
  const log = openLog(config.registryLog);
  const server = https.createServer(tls, (request, response) => {
    const url = new URL(request.url ?? '/', `https://${policy.service}`);
    countBytes(request, response, log);
    if (url.pathname === '/token') giveToken(policy, url, request, response);
    else forward(config, request, response);
  });
  // Layers of any size at any speed.
  server.requestTimeout = 0;
  server.listen(config.ports.registry, config.address);
}

function giveToken(policy: TokenPolicy, url: URL, request: http.IncomingMessage, response: http.ServerResponse): void {
  request.resume();
  // ghcr.io knows no POST here either: clients fall back to GET.
  if (request.method !== 'GET') {
    response.writeHead(405, { 'content-type': 'application/json' }).end('{}');
    return;
  }
  const { status, body } = answerToken(policy, url.searchParams, request.headers.authorization, new Date());
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function forward(config: GatewayConfig, request: http.IncomingMessage, response: http.ServerResponse): void {
  const options = {
    host: config.loopback,
    port: config.ports.upstream,
    method: request.method,
    path: request.url,
    headers: { ...request.headers, 'x-forwarded-proto': 'https' },
  };
  const upstream = http.request(options, (answer) => {
    if (response.destroyed) {
      // The client hung up while the registry was still thinking.
      answer.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    pipeline(answer, response, () => undefined);
  });
  upstream.on('error', (error) => {
    if (response.destroyed) return;
    if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
    response.end(`the registry behind this address does not answer: ${error.message}\n`);
  });
  pipeline(request, upstream, () => undefined);
}

function serveIndex(config: GatewayConfig): void {
  const log = openLog(config.index.accessLog);
  const server = http.createServer((request, response) => {
    countBytes(request, response, log);
    void sendFile(config.index.folder, request, response);
  });
  server.listen(config.ports.index, config.address);
}

async function sendFile(folder: string, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://index');
  const path = join(folder, normalize(decodeURIComponent(pathname)), pathname.endsWith('/') ? 'index.html' : '');
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end(`nothing here: ${pathname}\n`);
    return;
  }
  const type = CONTENT_TYPES[extname(path)] ?? 'application/octet-stream';
  response.writeHead(200, { 'content-type': type, 'content-length': found.size });
  if (request.method === 'HEAD') response.end();
  else pipeline(createReadStream(path), response, () => undefined);
}

/** BuildKit inside an engine speaks behind an upgraded HTTP request; buildx wants it at an address of its own. */
function serveBuildKit(config: GatewayConfig): void {
  const server = net.createServer((client) => {
    const engine = net.connect(config.builderSocket);
    const give = (): void => {
      client.destroy();
      engine.destroy();
    };
    client.on('error', give).on('close', give);
    engine.on('error', give).on('close', give);
    engine.write('POST /grpc HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    let head = Buffer.alloc(0);
    const readHead = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      engine.off('data', readHead);
      client.write(head.subarray(end + 4));
      engine.pipe(client);
      client.pipe(engine);
    };
    engine.on('data', readHead);
  });
  server.listen(config.ports.buildkit, config.loopback);
}

function openLog(path: string): Log {
  const stream = createWriteStream(path, { flags: 'a' });
  return (request, response, bytes) => {
    const client = request.socket.remoteAddress ?? '';
    const facts = { method: request.method, path: request.url, status: response.statusCode, bytes };
    stream.write(`${JSON.stringify({ at: new Date().toISOString(), client, ...facts })}\n`);
  };
}

/** Logs a request once its answer is out (or broke off), with the bytes that this answer took on the wire. */
function countBytes(request: http.IncomingMessage, response: http.ServerResponse, log: Log): void {
  const before = request.socket.bytesWritten;
  const socket = request.socket;
  response.on('close', () => {
    log(request, response, socket.bytesWritten - before);
  });
}
