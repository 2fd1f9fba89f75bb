// A registry in memory that answers as distribution and ghcr.io do, with a hook to make it fail, lie or stall.
import { createHash } from 'node:crypto';
import type { ReleaseImage } from '../../src/documents/release.ts';
import { Fault } from '../../src/fault.ts';
import { parseDigest, type Digest } from '../../src/images/reference.ts';
import type { Http, HttpAnswer, HttpRequest } from '../../src/world/http.ts';
import { silentLog } from '../../src/world/log.ts';
import { Secret } from '../../src/world/secret.ts';
import type { World } from '../../src/world/world.ts';

export const HOST = 'registry.example';
export const REALM = 'https://tokens.example/token';
export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

export interface Seen {
  readonly method: string;
  readonly url: string;
  /** `Basic ci:secret`, `Bearer t1`, or none. */
  readonly authorization: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

interface Stored {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** What the hook may do instead of an honest answer. */
export type Interference = (request: HttpRequest, nth: number) => HttpAnswer | Fault | undefined;

export interface FakeRegistryOptions {
  readonly login?: 'none' | 'token' | 'basic';
  readonly user?: string;
  readonly password?: string;
  /** Names anyone may pull. */
  readonly isPublic?: boolean;
}

export class FakeRegistry implements Http {
  readonly seen: Seen[] = [];
  readonly manifests = new Map<string, Stored>();
  readonly tags = new Map<string, string>();
  readonly blobs = new Map<string, Uint8Array>();
  interfere: Interference = () => undefined;
  readonly #options: FakeRegistryOptions;
  readonly #tokens = new Map<string, string>();
  #issued = 0;

  constructor(options: FakeRegistryOptions = {}) {
    this.#options = options;
  }

  /** Every token handed out so far stops working. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  async request(request: HttpRequest): Promise<HttpAnswer> {
    // As node's timers do.
    if (!Number.isInteger(request.deadlineMs)) throw new RangeError(`a deadline of ${request.deadlineMs} ms`);
    const authorization = shown(request);
    this.seen.push({ method: request.method, url: request.url, authorization, headers: request.headers ?? {} });
    const interfered = this.interfere(request, this.seen.length);
    if (interfered instanceof Fault) throw interfered;
    const answer = interfered ?? this.#answer(request, authorization);
    const full = request.method === 'HEAD' ? { ...answer, body: new Uint8Array() } : answer;
    if (full.body.byteLength > request.maxBytes) throw tooLarge(request);
    return full;
  }

  stream(): never {
    throw new Error('nothing is streamed from a registry');
  }

  requestsTo(host: string): readonly Seen[] {
    return this.seen.filter(({ url }) => new URL(url).host === host);
  }

  #answer(request: HttpRequest, authorization: string | undefined): HttpAnswer {
    const url = new URL(request.url);
    if (url.href.startsWith(REALM)) return this.#token(url, authorization);
    if (url.host !== HOST) return text(502, 'no such host in this fake');
    const path = /^\/v2\/(?:(.+)\/(manifests|blobs)\/(.+))?$/.exec(url.pathname);
    const [, name, kind, reference] = path ?? [];
    const refused = this.#refused(request, authorization, name);
    if (refused !== undefined) return refused;
    if (name === undefined || kind === undefined || reference === undefined) return text(200, '{}');
    if (kind === 'blobs') return this.#blob(request, `${name}/${reference}`, reference);
    return request.method === 'PUT' ? this.#put(request, name, reference) : this.#manifest(request, name, reference);
  }

  #refused(request: HttpRequest, authorization: string | undefined, name: string | undefined): HttpAnswer | undefined {
    const { login = 'none', user, password } = this.#options;
    if (login === 'none') return undefined;
    if (login === 'basic') {
      if (authorization === `Basic ${user}:${password}`) return undefined;
      return error(401, 'UNAUTHORIZED', 'login', { 'www-authenticate': 'Basic realm="fake"' });
    }
    const scope = this.#tokens.get(authorization ?? '');
    const action = request.method === 'PUT' || request.method === 'POST' ? 'push' : 'pull';
    if (name !== undefined && (scope?.startsWith(`repository:${name}:`) ?? false) && scope?.includes(action) === true) {
      return undefined;
    }
    // The scope in the challenge is a trap: a client builds its own.
    const parameters = `realm="${REALM}",service="fake",scope="repository:other/name:*"`;
    return error(401, 'UNAUTHORIZED', 'login', { 'www-authenticate': `Bearer ${parameters}` });
  }

  #token(url: URL, authorization: string | undefined): HttpAnswer {
    const { user, password, isPublic = false } = this.#options;
    const known = authorization === `Basic ${user}:${password}`;
    if (!known && (authorization !== undefined || !isPublic)) return error(401, 'UNAUTHORIZED', 'who are you');
    this.#issued += 1;
    this.#tokens.set(`Bearer t${this.#issued}`, url.searchParams.get('scope') ?? '');
    return text(200, JSON.stringify({ token: `t${this.#issued}` }));
  }

  #manifest(request: HttpRequest, name: string, reference: string): HttpAnswer {
    const digest = this.tags.get(`${name}:${reference}`) ?? reference;
    const stored = this.manifests.get(`${name}/${digest}`);
    const accepted = stored !== undefined && (request.headers?.['accept'] ?? '').includes(stored.mediaType);
    if (!accepted) return error(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    const headers = { 'content-type': stored.mediaType, 'docker-content-digest': digest };
    return { status: 200, headers, body: stored.bytes };
  }

  #blob(request: HttpRequest, key: string, digest: string): HttpAnswer {
    const bytes = this.blobs.get(key);
    if (bytes === undefined) return error(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    const headers = { 'content-length': String(bytes.byteLength), 'docker-content-digest': digest };
    if (request.headers?.['range'] === undefined) return { status: 200, headers, body: bytes };
    const range = { 'content-range': `bytes 0-0/${bytes.byteLength}` };
    return { status: 206, headers: range, body: bytes.subarray(0, 1) };
  }

  #put(request: HttpRequest, name: string, tag: string): HttpAnswer {
    const bytes = Buffer.from(request.body ?? '');
    const digest = sha256(bytes);
    this.manifests.set(`${name}/${digest}`, { bytes, mediaType: request.headers?.['content-type'] ?? '' });
    this.tags.set(`${name}:${tag}`, digest);
    return { status: 201, headers: {}, body: new Uint8Array() };
  }
}

export interface PushedImage {
  readonly image: ReleaseImage;
  readonly index: Digest;
  readonly child: Digest;
  readonly attestation: Digest;
  readonly config: Digest;
  readonly layers: readonly Digest[];
}

export interface ImageToPush {
  readonly name: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly expected?: Partial<ReleaseImage['expected']>;
  readonly kind?: 'family' | 'service';
  /** Changes the index before it is hashed. */
  readonly alterIndex?: (manifests: Record<string, unknown>[]) => void;
  /** Changes the platform's manifest before it is hashed. */
  readonly alterChild?: (manifest: Record<string, unknown>) => void;
}

/** Stores an image as buildx pushes it: an index of one linux/amd64 child and its attestation. */
export function pushImage(registry: FakeRegistry, toPush: ImageToPush): PushedImage {
  const name = `acme/${toPush.name}`;
  const layers = [1, 2].map((n) => Buffer.from(`layer ${n} of ${toPush.name}`));
  const config = json({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: ['a', 'b'] }, config: toPush.config });
  for (const blob of [...layers, config]) registry.blobs.set(`${name}/${sha256(blob)}`, blob);
  const body: Record<string, unknown> = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor(config, CONFIG),
    layers: layers.map((layer) => descriptor(layer, LAYER)),
  };
  toPush.alterChild?.(body);
  const child = json(body);
  const attestation = json({ ...body, layers: [], annotations: { about: 'attestation' } });
  const reference = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': sha256(child),
  };
  const manifests: Record<string, unknown>[] = [
    { ...descriptor(child, MANIFEST), platform: { os: 'linux', architecture: 'amd64' } },
    {
      ...descriptor(attestation, MANIFEST),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: reference,
    },
  ];
  toPush.alterIndex?.(manifests);
  const index = json({ schemaVersion: 2, mediaType: INDEX, manifests });
  for (const [bytes, mediaType] of [
    [child, MANIFEST],
    [attestation, MANIFEST],
    [index, INDEX],
  ] as const) {
    registry.manifests.set(`${name}/${sha256(bytes)}`, { bytes, mediaType });
  }
  const digests = { index: sha256(index), child: sha256(child), attestation: sha256(attestation) };
  return {
    image: releaseImage(toPush, digests.index),
    ...digests,
    config: sha256(config),
    layers: layers.map(sha256),
  };
}

function releaseImage(toPush: ImageToPush, digest: Digest): ReleaseImage {
  return {
    name: toPush.name,
    image: toPush.name,
    kind: toPush.kind ?? 'service',
    repository: `${HOST}/acme/${toPush.name}`,
    tag: '20261123-9c99cc9',
    expected: { platform: 'linux/amd64', labels: {}, ...toPush.expected },
    digest,
    origin: 'built',
  };
}

export interface FakeWorldOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly processes?: Partial<World['processes']>;
}

/** A world of one registry whose time passes only by waiting. */
export function worldOf(http: Http, options: FakeWorldOptions = {}): World & { readonly slept: number[] } {
  const slept: number[] = [];
  const clock = {
    now: () => START + elapsed(),
    monotonic: () => elapsed(),
    sleep: async (ms: number) => void slept.push(ms),
  };
  const elapsed = (): number => slept.reduce((sum, ms) => sum + ms, 0);
  const { environment = {}, files = {} } = options;
  const nothing = (): never => {
    throw new Error('this test runs no such thing');
  };
  return {
    slept,
    clock,
    http,
    log: silentLog,
    environment: {
      variable: (name) => environment[name],
      secret: (name) => (environment[name] === undefined ? undefined : new Secret(environment[name])),
      all: () => environment,
    },
    files: {
      readText: async (path) => files[path],
      readBytes: nothing,
      facts: nothing,
      realPath: nothing,
      list: nothing,
      makeFolder: nothing,
      writeAtomic: nothing,
      appendDurable: nothing,
      remove: nothing,
      freeBytes: nothing,
    },
    processes: { run: nothing, attempt: nothing, start: nothing, ...options.processes },
  };
}

export const START = Date.parse('2026-11-23T20:00:00Z');

export function sha256(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}

export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers, body: Buffer.from(body) };
}

/** A registry's refusal with its code in the body. */
export function error(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return text(status, JSON.stringify({ errors: [{ code, message }] }), headers);
}

export function networkFault(kind: 'refused' | 'reset' | 'too-large' | 'tls' | 'other'): Fault {
  return new Fault('network', `no complete answer: ${kind}`, { facts: { kind } });
}

function tooLarge(request: HttpRequest): Fault {
  return new Fault('network', `the answer to ${request.url} is too large`, { facts: { kind: 'too-large' } });
}

function shown({ authorization }: HttpRequest): string | undefined {
  if (authorization === undefined) return undefined;
  if (authorization.kind === 'bearer') return `Bearer ${authorization.token.reveal()}`;
  return `Basic ${authorization.user}:${authorization.password.reveal()}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function descriptor(bytes: Uint8Array, mediaType: string): Record<string, unknown> {
  return { mediaType, digest: sha256(bytes), size: bytes.byteLength };
}
