// The Docker engine over its socket: what runs, start and stop, images, logs and the stream of events.
import type * as z from 'zod';
import { Fault, faultCode } from '../fault.ts';
import type { Container, RestartPolicy } from '../hosts/container.ts';
import { socketPath } from '../hosts/socket.ts';
import type { HttpAnswer, HttpRequest } from '../world/http.ts';
import type { World } from '../world/world.ts';
import {
  containerAnswer,
  errorAnswer,
  eventAnswer,
  imageAnswer,
  infoAnswer,
  listAnswer,
  toContainer,
  versionAnswer,
} from './answers.ts';
import { logLines } from './frames.ts';

export interface EngineFacts {
  readonly version: string;
  readonly apiVersion: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly storageDriver: string;
  readonly dataRoot: string;
  /** Whether a container's address can be reached from the host itself. */
  readonly kind: 'native' | 'desktop' | 'rootless';
  readonly swarm: boolean;
}

export interface LocalImage {
  readonly id: string;
  readonly digests: readonly string[];
  readonly tags: readonly string[];
  readonly bytes: number;
}

export interface EngineEvent {
  readonly container: string;
  /** `die`, `oom`, `start`, `restart`, `destroy`, `health_status: healthy`, … */
  readonly action: string;
  readonly atMs: number;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Engine {
  readonly socket: string;
  facts(): Promise<EngineFacts>;
  /** Every container, stopped ones too. */
  containers(): Promise<readonly Container[]>;
  /** By id or name; undefined when there is none. */
  container(id: string): Promise<Container | undefined>;
  start(id: string): Promise<void>;
  /** Resolves when it has stopped; killed after `graceMs`. Stopping a stopped one is fine. */
  stop(id: string, graceMs: number): Promise<void>;
  /** Never with volumes. Removing one that is gone is fine. */
  remove(id: string): Promise<void>;
  setRestartPolicy(id: string, policy: RestartPolicy): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  /** The last lines of both streams. */
  log(id: string, lines: number): Promise<readonly string[]>;
  /** By id, `name:tag` or `name@digest`; undefined when it is not here. */
  image(reference: string): Promise<LocalImage | undefined>;
  tag(reference: string, repository: string, tag: string): Promise<void>;
  /** False when it is in use or not here; such an image is left alone. */
  removeImage(reference: string): Promise<boolean>;
  /** Events of containers from now on, until the signal. Resolves once the stream is open. */
  watch(onEvent: (event: EngineEvent) => void, signal: AbortSignal): Promise<void>;
}

const ANSWER_DEADLINE_MS = 30_000;
/** What the engine may need beyond a container's own grace time to report it stopped. */
const STOP_SLACK_MS = 30_000;
const ANSWER_MAX_BYTES = 32 * 1024 * 1024;
const LOG_MAX_BYTES = 16 * 1024 * 1024;

interface Call {
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  readonly deadlineMs?: number;
  readonly maxBytes?: number;
  /** Statuses beyond 2xx that are an answer and not a fault. */
  readonly fine?: readonly number[];
}

type Send = (call: Call) => Promise<HttpAnswer>;

/** The engine of DOCKER_HOST, or of the usual socket. Throws Fault `unsupported` for anything but a unix socket. */
export function connectEngine(world: World): Engine {
  const socket = socketPath(world.environment.variable('DOCKER_HOST'));
  const send: Send = (call) => callEngine(world, socket, call);
  return {
    socket,
    facts: () => readFacts(send),
    containers: () => listContainers(send),
    container: (id) => inspect(send, id),
    start: async (id) => {
      await send({ method: 'POST', path: `/containers/${id}/start`, fine: [304] });
    },
    stop: (id, graceMs) => stop(send, id, graceMs),
    remove: async (id) => {
      await send({ method: 'DELETE', path: `/containers/${id}?force=true`, fine: [404] });
    },
    setRestartPolicy: (id, policy) => setRestartPolicy(send, id, policy),
    rename: async (id, name) => {
      await send({ method: 'POST', path: `/containers/${id}/rename?name=${encodeURIComponent(name)}` });
    },
    log: (id, lines) => readLog(send, id, lines),
    image: (reference) => inspectImage(send, reference),
    tag: async (reference, repository, tag) => {
      const query = `repo=${encodeURIComponent(repository)}&tag=${encodeURIComponent(tag)}`;
      await send({ method: 'POST', path: `/images/${reference}/tag?${query}` });
    },
    removeImage: async (reference) => {
      const answer = await send({ method: 'DELETE', path: `/images/${reference}`, fine: [404, 409] });
      return answer.status < 300;
    },
    watch: (onEvent, signal) => watch(world, socket, onEvent, signal),
  };
}

async function readFacts(send: Send): Promise<EngineFacts> {
  const version = read(versionAnswer, await send({ method: 'GET', path: '/version' }));
  const info = read(infoAnswer, await send({ method: 'GET', path: '/info' }));
  const rootless = (info.SecurityOptions ?? []).some((option) => option.includes('rootless'));
  const desktop = info.OperatingSystem.includes('Docker Desktop');
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    operatingSystem: info.OperatingSystem,
    architecture: info.Architecture,
    storageDriver: info.Driver,
    dataRoot: info.DockerRootDir,
    kind: desktop ? 'desktop' : rootless ? 'rootless' : 'native',
    swarm: info.Swarm?.LocalNodeState === 'active',
  };
}

async function listContainers(send: Send): Promise<readonly Container[]> {
  const listed = read(listAnswer, await send({ method: 'GET', path: '/containers/json?all=true' }));
  const found = await Promise.all(listed.map(({ Id }) => inspect(send, Id)));
  // One may go between the list and its inspection.
  return found.filter((container) => container !== undefined);
}

async function inspect(send: Send, id: string): Promise<Container | undefined> {
  const answer = await send({ method: 'GET', path: `/containers/${id}/json`, fine: [404] });
  return answer.status === 404 ? undefined : toContainer(read(containerAnswer, answer));
}

async function stop(send: Send, id: string, graceMs: number): Promise<void> {
  const seconds = Math.ceil(graceMs / 1000);
  const deadlineMs = seconds * 1000 + STOP_SLACK_MS;
  await send({ method: 'POST', path: `/containers/${id}/stop?t=${seconds}`, deadlineMs, fine: [304] });
}

async function setRestartPolicy(send: Send, id: string, policy: RestartPolicy): Promise<void> {
  const body = { RestartPolicy: { Name: policy.name, MaximumRetryCount: policy.maximumRetries } };
  await send({ method: 'POST', path: `/containers/${id}/update`, body });
}

async function readLog(send: Send, id: string, lines: number): Promise<readonly string[]> {
  const path = `/containers/${id}/logs?stdout=true&stderr=true&timestamps=true&tail=${lines}`;
  const answer = await send({ method: 'GET', path, maxBytes: LOG_MAX_BYTES, fine: [404] });
  return answer.status === 404 ? [] : logLines(answer.body);
}

async function inspectImage(send: Send, reference: string): Promise<LocalImage | undefined> {
  const answer = await send({ method: 'GET', path: `/images/${reference}/json`, fine: [404] });
  if (answer.status === 404) return undefined;
  const image = read(imageAnswer, answer);
  return { id: image.Id, digests: image.RepoDigests ?? [], tags: image.RepoTags ?? [], bytes: image.Size };
}

async function watch(
  world: World,
  socket: string,
  onEvent: (event: EngineEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ type: ['container'] }));
  const url = `http://docker/events?filters=${filters}`;
  const limits = { deadlineMs: ANSWER_DEADLINE_MS, maxBytes: ANSWER_MAX_BYTES };
  const { chunks } = await world.http.stream({ method: 'GET', url, socket, signal, ...limits });
  // The stream lives beside the cutover; when it ends early, polling still sees every exit, only later.
  void follow(chunks, onEvent).catch((error: unknown) => {
    if (!signal.aborted) world.log.warn(`the engine's event stream ended: ${String(error)}`);
  });
}

async function follow(chunks: AsyncIterable<Uint8Array>, onEvent: (event: EngineEvent) => void): Promise<void> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of chunks) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onEvent(toEvent(line));
  }
}

function toEvent(line: string): EngineEvent {
  const event = eventAnswer.parse(JSON.parse(line));
  const { ID: container, Attributes: attributes } = event.Actor;
  return { container, action: event.Action, atMs: event.timeNano / 1e6, attributes: attributes ?? {} };
}

async function callEngine(world: World, socket: string, call: Call): Promise<HttpAnswer> {
  const { method, path, deadlineMs = ANSWER_DEADLINE_MS, maxBytes = ANSWER_MAX_BYTES } = call;
  const content =
    call.body === undefined ? {} : { body: JSON.stringify(call.body), headers: { 'content-type': 'application/json' } };
  const request: HttpRequest = { method, url: `http://docker${path}`, socket, deadlineMs, maxBytes, ...content };
  const answer = await world.http.request(request).catch((error: unknown) => {
    throw unreachable(error, socket);
  });
  if (answer.status < 300 || call.fine?.includes(answer.status) === true) return answer;
  throw new Fault('engine', `the engine refused ${method} ${path}: ${engineMessage(answer)}`, {
    where: socket,
    expected: 'a status below 300',
    found: String(answer.status),
    facts: { status: answer.status, method, path },
  });
}

function unreachable(error: unknown, socket: string): unknown {
  if (faultCode(error) !== 'network') return error;
  return new Fault('engine', "can't reach the Docker engine", {
    where: socket,
    expected: 'an engine that answers on its socket, readable by this user',
    cure: 'start it (`systemctl start docker`), and put this user into the group of the socket',
    cause: error,
  });
}

function engineMessage(answer: HttpAnswer): string {
  const text = Buffer.from(answer.body).toString('utf8');
  const parsed = errorAnswer.safeParse(jsonOrUndefined(text));
  return parsed.success ? parsed.data.message : text.slice(0, 200);
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function read<S extends z.ZodType>(schema: S, answer: HttpAnswer): z.output<S> {
  const parsed = schema.safeParse(jsonOrUndefined(Buffer.from(answer.body).toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new Fault('engine', 'the engine answered in a shape that is not known', {
    found: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    cure: 'report it with the output of `docker version`',
  });
}
