// What is true on the hosts, read from the engines and from outside, never from the tool's own evidence.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { buildEnvironment, type HostName, type Sandbox } from '../sandbox/contract.ts';
import { attempt, call, say } from './stage.ts';

/** One service of one host as a client and the engine see it. */
export interface Seen {
  readonly host: HostName;
  readonly service: string;
  readonly container: string;
  /** The digest the engine says the running image was pulled by. */
  readonly digest: string;
  readonly health: string;
}

const HEALTHY = '200 {"status":"ok"}';
/** A supervisor that was stopped for the cutover is started last, and may still be booting when the cutover has ended. */
const SETTLE_MS = 10_000;
const SETTLE_PERIOD_MS = 500;
const HOSTS = ['mainpc', 'pc2'] as const satisfies readonly HostName[];

const FLEET: Readonly<Record<HostName, Readonly<Record<string, number>>>> = {
  mainpc: {
    model_ops_coordinator: 8101,
    real_time_audio_pipeline: 8102,
    affective_processing_center: 8103,
    unified_observability_center: 8105,
    self_healing_supervisor: 8106,
  },
  pc2: {
    central_error_bus: 8104,
    real_time_audio_pipeline: 8102,
    unified_observability_center: 8105,
    self_healing_supervisor: 8106,
  },
};

const TIMEOUT_MS = 5_000;
const inspected = z.array(
  z.object({
    Id: z.string(),
    Image: z.string(),
    State: z.object({ Running: z.boolean() }),
    Config: z.object({ Labels: z.record(z.string(), z.string()).nullable() }),
  }),
);
const images = z.array(z.object({ RepoDigests: z.array(z.string()).nullable() }));

/** Statements about the hosts, each checked and kept with what was found. */
export class Proof {
  readonly lines: string[] = [];
  allTrue = true;
  readonly #sandbox: Sandbox;
  readonly #registry: string;
  readonly #treasures = new Map<HostName, Readonly<Record<string, string>>>();

  constructor(sandbox: Sandbox, registry: string) {
    this.#sandbox = sandbox;
    this.#registry = registry;
  }

  equal(statement: string, found: unknown, expected: unknown): void {
    const same = JSON.stringify(found) === JSON.stringify(expected);
    this.allTrue &&= same;
    const detail = same ? '' : `: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`;
    const line = `${same ? '✓' : '✗'} ${statement}${detail}`;
    this.lines.push(line);
    say(line);
  }

  look(): Promise<readonly Seen[]> {
    return look(this.#sandbox);
  }

  /** Every service runs the digest that the registry has under this tag, and answers a client outside. */
  async runs(when: string, tag: string): Promise<void> {
    const seen = await settled(this.#sandbox);
    const wrong = seen
      .filter((one) => one.health !== HEALTHY)
      .map((one) => `${one.host} ${one.service}: ${one.health}`);
    this.equal(`${when}: ${seen.length} services answer 200 and exactly {"status":"ok"} from outside`, wrong, []);
    const others = await Promise.all(
      seen.map(async (one) => {
        const expected = await digestInRegistry(this.#sandbox, `${this.#registry}/${one.service}:${tag}-${one.host}`);
        return one.digest === expected ? [] : [`${one.host} ${one.service}: ${one.digest}, not ${expected}`];
      }),
    );
    this.equal(`${when}: the engines run the digests that the registry has under ${tag}`, others.flat(), []);
  }

  /** Of the containers, exactly those of the services named were replaced. */
  async onlyMoved(before: readonly Seen[], services: readonly string[]): Promise<void> {
    const moved = (await this.look()).filter((now) => containerOf(before, now) !== now.container);
    const names = [...new Set(moved.map((one) => one.service))].toSorted();
    this.equal(`only ${services.join(' and ')} got new containers`, names, services.toSorted());
  }

  async sameImagesAs(before: readonly Seen[]): Promise<void> {
    const digests = (all: readonly Seen[]): string[] => all.map((one) => `${one.host} ${one.service} ${one.digest}`);
    this.equal('every service runs the image it ran before', digests(await this.look()), digests(before));
  }

  async rememberTreasures(): Promise<void> {
    for (const host of HOSTS) this.#treasures.set(host, await treasures(this.#sandbox, host));
  }

  async treasuresAreUntouched(): Promise<void> {
    for (const host of HOSTS) {
      const remembered = this.#treasures.get(host) ?? {};
      const count = Object.keys(remembered).length;
      this.equal(
        `${host}: ${count} files of secrets and data are where they were`,
        await treasures(this.#sandbox, host),
        remembered,
      );
    }
  }

  async plainUpChangesNothing(): Promise<void> {
    for (const host of HOSTS) {
      const { before, after } = await plainUp(this.#sandbox, host);
      this.equal(`${host}: a plain docker compose up -d changes none of ${before.length} containers`, after, before);
    }
  }
}

/** Looks until every service is healthy, or for as long as a booting one may take. */
async function settled(sandbox: Sandbox): Promise<readonly Seen[]> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const seen = await look(sandbox);
    if (seen.every((one) => one.health === HEALTHY) || performance.now() > until) return seen;
    await setTimeout(SETTLE_PERIOD_MS);
  }
}

/** Asks both engines what runs, and every service for its health from where a client stands. */
async function look(sandbox: Sandbox): Promise<readonly Seen[]> {
  const seen = await Promise.all([lookAt(sandbox, 'mainpc'), lookAt(sandbox, 'pc2')]);
  return seen.flat();
}

/** The digest a tag has in the registry, by a tool that is not ours. */
async function digestInRegistry(sandbox: Sandbox, reference: string): Promise<string> {
  return (await call([sandbox.tools.crane, 'digest', reference], { environment: buildEnvironment(sandbox) })).trim();
}

/** A fingerprint of what no rollout may touch: secrets, env files and data. Logs that services append to (*.jsonl) grow. */
async function treasures(sandbox: Sandbox, host: HostName): Promise<Readonly<Record<string, string>>> {
  const folder = join(sandbox.hosts[host].srv, 'fleet');
  const env = (await readFile(join(folder, '.env'), 'utf8')).replace(/^COMPOSE_FILE=.*\n?/gm, '');
  const files = [...(await filesUnder(folder, 'env')), ...(await filesUnder(folder, 'data'))];
  const entries = files.map(async (file) => [file, hash(await readFile(join(folder, file)))] as const);
  return Object.fromEntries([['.env', hash(env)], ...(await Promise.all(entries))]);
}

/** Runs a human's plain `docker compose up -d` in the project folder; returns the containers before and after. */
async function plainUp(sandbox: Sandbox, host: HostName): Promise<{ before: string[]; after: string[] }> {
  const before = await runningIds(sandbox, host);
  const script = 'cd /srv/fleet && docker compose up -d';
  await call([...sandbox.hosts[host].exec, 'sh', '-c', script]);
  return { before, after: await runningIds(sandbox, host) };
}

/** The whole answer of a service's /health, as a client outside gets it. */
async function healthFromOutside(sandbox: Sandbox, host: HostName, port: number): Promise<string> {
  const url = `http://${sandbox.hosts[host].address}:${port}/health`;
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    return `${answer.status} ${compact(await answer.text())}`;
  } catch (error) {
    return `no answer: ${String(error)}`;
  }
}

/** JSON without its white space; any other text as it is. */
function compact(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return body;
  }
}

async function lookAt(sandbox: Sandbox, host: HostName): Promise<readonly Seen[]> {
  const containers = inspected.parse(await inspectAll(sandbox, host));
  return Promise.all(
    Object.entries(FLEET[host]).map(async ([service, port]) => {
      const running = containers.filter(
        (one) => one.State.Running && one.Config.Labels?.['com.docker.compose.service'] === service,
      );
      const [only, ...more] = running;
      const health = await healthFromOutside(sandbox, host, port);
      if (only === undefined) return { host, service, container: 'none', digest: 'none', health };
      if (more.length > 0) return { host, service, container: `${running.length} at once`, digest: 'several', health };
      return { host, service, container: only.Id, digest: await pulledBy(sandbox, host, only.Image), health };
    }),
  );
}

async function pulledBy(sandbox: Sandbox, host: HostName, image: string): Promise<string> {
  const [found] = images.parse(JSON.parse(await docker(sandbox, host, ['image', 'inspect', image])));
  return found?.RepoDigests?.[0]?.split('@')[1] ?? 'not pulled';
}

async function inspectAll(sandbox: Sandbox, host: HostName): Promise<unknown> {
  const ids = (await docker(sandbox, host, ['ps', '--all', '--quiet', '--no-trunc'])).split('\n').filter(Boolean);
  if (ids.length === 0) return [];
  return JSON.parse(await docker(sandbox, host, ['inspect', ...ids]));
}

async function runningIds(sandbox: Sandbox, host: HostName): Promise<string[]> {
  return (await docker(sandbox, host, ['ps', '--quiet', '--no-trunc'])).split('\n').filter(Boolean).toSorted();
}

function docker(sandbox: Sandbox, host: HostName, args: readonly string[]): Promise<string> {
  return call([sandbox.tools.docker, '--host', `unix://${sandbox.hosts[host].socket}`, ...args]);
}

async function filesUnder(folder: string, part: string): Promise<string[]> {
  const found = await attempt(['find', part, '-type', 'f', '-not', '-name', '*.jsonl'], { cwd: folder });
  return found.stdout.split('\n').filter(Boolean).toSorted();
}

function containerOf(seen: readonly Seen[], like: Seen): string | undefined {
  return seen.find((one) => one.host === like.host && one.service === like.service)?.container;
}

function hash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
