// The verb build: one bake call from a plan, every image pushed by digest, and the Release that names them all.
import { join } from 'node:path';
import * as z from 'zod';
import { parseDocument } from '../documents/document.ts';
import type { Plan } from '../documents/plan.ts';
import type { Release, ReleaseImage } from '../documents/release.ts';
import { Fault, faultCode } from '../fault.ts';
import { digestSchema, type Digest } from '../images/reference.ts';
import { isoTime } from '../world/clock.ts';
import type { World } from '../world/world.ts';
import { requireCheckoutAt } from './checkout.ts';
import { BAKE_ENVIRONMENT, bakeCommand } from './command.ts';
import { bakeDefinition, bakeName, type BakeDefinition, type BuildSecret } from './definition.ts';
import { buildFault, classifyFailure, type FailureKind } from './failure.ts';
import { BuildProgress } from './progress.ts';

export interface BuildOptions {
  /** The repository; contexts are relative to it. */
  readonly root: string;
  readonly plan: Plan;
  readonly builder?: string | undefined;
  /** `K=V`, or `K` to take the value from the environment. */
  readonly buildArguments?: readonly string[] | undefined;
  readonly noCache?: boolean | undefined;
  /** Layers in the registry: `<registry>/cache`. Default true. */
  readonly registryCache?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A cold fleet with a tensor library to compile takes hours; a build that hangs must still end. */
const BUILD_DEADLINE_MS = 4 * 3_600_000;
/** Where nobody answers, a second try is for a registry that just starts again; any other failure is final. */
const ATTEMPTS: Readonly<Partial<Record<FailureKind, number>>> = { transient: 4, unreachable: 2 };
const FIRST_BACKOFF_MS = 5_000;
const TELL_EVERY_MS = 15_000;

/**
 * Builds and pushes. Throws Fault `input` (another commit is checked out, a step or a Dockerfile failed), `auth`,
 * `registry`, `network`, `unsupported`, `aborted`.
 */
export async function build(world: World, options: BuildOptions): Promise<Release> {
  const { plan } = options;
  if (plan.build.length === 0) {
    world.log.done(`nothing to build, ${plan.kept.length} images kept`);
    return releaseOf(world, plan, new Map());
  }
  const definition = definitionOf(world, options);
  await requireCheckoutAt(world, options.root, plan.revision);
  world.log.step(`building ${plan.build.length} images, ${plan.kept.length} kept`);
  const built = await bakeWithRetry(world, options, definition);
  world.log.done(`${plan.build.length} images pushed by digest`);
  return releaseOf(world, plan, built);
}

/** The bake definition a build would use. Throws Fault `usage` when a secret or an argument has no value. */
export function definitionOf(world: World, options: BuildOptions): BakeDefinition {
  return bakeDefinition({
    plan: options.plan,
    buildArguments: readArguments(world, options.buildArguments ?? []),
    secrets: options.plan.buildSecrets.map((id) => findSecret(world, id)),
    cache: options.registryCache ?? true,
  });
}

interface Built {
  readonly digest: Digest;
  readonly seconds: number | undefined;
}

async function bakeWithRetry(
  world: World,
  options: BuildOptions,
  definition: BakeDefinition,
): Promise<ReadonlyMap<string, Built>> {
  for (let attempt = 1; ; attempt += 1) {
    const progress = new BuildProgress(options.plan.build.map(({ name }) => bakeName(name)));
    const built = await bake(world, options, definition, progress);
    if (built !== undefined) return built;
    const failure = classifyFailure(options.plan, progress);
    const attempts = ATTEMPTS[failure.kind] ?? 1;
    if (attempt >= attempts) throw buildFault(options.plan, progress, failure);
    const waitMs = FIRST_BACKOFF_MS * 2 ** (attempt - 1);
    world.log.warn(`${failure.message}; try ${attempt + 1} of ${attempts} in ${waitMs / 1_000} s`);
    await world.clock.sleep(waitMs, options.signal);
  }
}

/** One bake call; undefined when it failed, `progress` then knows why. */
async function bake(
  world: World,
  options: BuildOptions,
  definition: BakeDefinition,
  progress: BuildProgress,
): Promise<ReadonlyMap<string, Built> | undefined> {
  const folder = temporaryFolder(world);
  const metadataFile = join(folder, 'metadata.json');
  const command = bakeCommand({ builder: options.builder, metadataFile, noCache: options.noCache ?? false });
  await world.files.makeFolder(folder);
  try {
    const running = world.processes.attempt(command, {
      deadlineMs: BUILD_DEADLINE_MS,
      cwd: options.root,
      stdin: JSON.stringify(definition),
      environment: BAKE_ENVIRONMENT,
      onLine: (line, stream) => {
        if (stream === 'stderr') for (const told of progress.feed(line)) world.log.info(told);
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const finished = await tellWhile(world, running, progress);
    if (options.signal?.aborted === true)
      throw new Fault('aborted', 'the build was stopped; what was pushed stays without a tag');
    if (finished.timedOut) {
      throw new Fault('timeout', `the build did not end within ${BUILD_DEADLINE_MS / 60_000} minutes`, {
        found: progress.running(world.clock.now()).join('; '),
      });
    }
    if (finished.exitCode !== 0) return undefined;
    return readMetadata(options.plan, await world.files.readText(metadataFile), progress);
  } finally {
    await world.files.remove(folder);
  }
}

/** Waits for the process, and tells from time to time what runs. */
async function tellWhile<T>(world: World, running: Promise<T>, progress: BuildProgress): Promise<T> {
  const over = new AbortController();
  const telling = tellUntil(world, over.signal, progress);
  try {
    return await running;
  } finally {
    over.abort();
    await telling;
  }
}

async function tellUntil(world: World, over: AbortSignal, progress: BuildProgress): Promise<void> {
  while (!over.aborted) {
    try {
      await world.clock.sleep(TELL_EVERY_MS, over);
    } catch (error) {
      if (faultCode(error) === 'aborted') return;
      throw error;
    }
    for (const line of progress.running(world.clock.now())) world.log.info(line);
  }
}

const metadataSchema = z.record(z.string(), z.looseObject({ 'containerimage.digest': digestSchema.optional() }));

function readMetadata(plan: Plan, text: string | undefined, progress: BuildProgress): ReadonlyMap<string, Built> {
  const metadata = parseDocument(
    metadataSchema.or(z.looseObject({})),
    text ?? '',
    'the metadata of docker buildx bake',
  );
  const known = metadataSchema.parse(
    Object.fromEntries(Object.entries(metadata).filter(([name]) => progress.targets.has(name))),
  );
  return new Map(
    plan.build.map(({ name }) => {
      const digest = known[bakeName(name)]?.['containerimage.digest'];
      if (digest === undefined) {
        throw new Fault('process', `docker buildx bake ended well and gave no digest for ${name}`, {
          expected: `containerimage.digest of ${bakeName(name)} in its metadata`,
          found: Object.keys(metadata).join(', '),
          cure: 'use buildx 0.13 or later, with a builder that can push',
        });
      }
      return [name, { digest, seconds: secondsOf(progress, name) }];
    }),
  );
}

function secondsOf(progress: BuildProgress, name: string): number | undefined {
  const { startedMs, endedMs } = progress.targets.get(bakeName(name)) ?? {};
  return startedMs === undefined || endedMs === undefined ? undefined : Math.max(0, (endedMs - startedMs) / 1_000);
}

function releaseOf(world: World, plan: Plan, built: ReadonlyMap<string, Built>): Release {
  const fresh = plan.build.flatMap((target): ReleaseImage[] => {
    const result = built.get(target.name);
    if (result === undefined) return [];
    const seconds = result.seconds === undefined ? {} : { buildSeconds: result.seconds };
    return [{ ...imageOf(target), digest: result.digest, origin: 'built', ...seconds }];
  });
  const kept = plan.kept.map((target): ReleaseImage => ({ ...imageOf(target), digest: target.digest, origin: 'kept' }));
  const { revision, registry, tag, deployment } = plan;
  const createdAt = isoTime(world.clock.now());
  return {
    ...{ schema: 'rollout/release', version: 1, createdAt, revision, registry, tag },
    images: [...fresh, ...kept],
    deployment,
  };
}

function imageOf(target: Plan['build'][number] | Plan['kept'][number]): Omit<ReleaseImage, 'digest' | 'origin'> {
  const { name, image, kind, machine, repository, tag, expected } = target;
  return { name, image, kind, ...(machine === undefined ? {} : { machine }), repository, tag, expected };
}

function readArguments(world: World, written: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    written.map((item) => {
      const equals = item.indexOf('=');
      if (equals > 0) return [item.slice(0, equals), item.slice(equals + 1)];
      const value = world.environment.variable(item);
      if (value !== undefined) return [item, value];
      throw new Fault('usage', `--build-arg ${item} has no value`, {
        expected: `--build-arg ${item}=VALUE, or the environment variable ${item}`,
        found: 'neither',
      });
    }),
  );
}

/** A secret's value stays in the environment: buildx reads it there, and nothing of it is in an argument or a file. */
function findSecret(world: World, id: string): BuildSecret {
  const variable = [id, id.toUpperCase()].find((name) => world.environment.secret(name) !== undefined);
  if (variable !== undefined) return { id, variable };
  throw new Fault('usage', `the build secret ${id} has no value`, {
    expected: `the environment variable ${id} or ${id.toUpperCase()}`,
    found: 'neither is set',
    cure: 'set it for this step only, or take the id out of build.secrets in rollout.yml',
  });
}

function temporaryFolder(world: World): string {
  const base = world.environment.variable('RUNNER_TEMP') ?? world.environment.variable('TMPDIR') ?? '/tmp';
  return join(base, `rollout-build-${world.clock.now()}-${Math.trunc(world.clock.monotonic() * 1_000)}`);
}
