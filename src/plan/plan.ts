// The verb plan: configuration and history in, the document out that says what is built, what is kept, and how hosts move.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readDockerfiles } from '../config/repository.ts';
import type { Config, TravelFile } from '../documents/fleet.ts';
import type { Plan } from '../documents/plan.ts';
import type { Release } from '../documents/release.ts';
import { Fault } from '../fault.ts';
import { ignoreFilesOf } from '../images/ignore.ts';
import { isoTime } from '../world/clock.ts';
import type { World } from '../world/world.ts';
import { planDeployment, travelFile, travellers, type Traveller } from './deployment.ts';
import { changedSince, readHistory, type History } from './history.ts';
import { decideTargets, type Changes } from './targets.ts';

export interface PlanOptions {
  readonly root: string;
  readonly config: Config;
  /** Count changes from this commit; default: the revision of the previous release. */
  readonly since?: string | undefined;
  /** Paths to count as changed, whatever git says. */
  readonly changed?: readonly string[] | undefined;
  /** What is unchanged is kept from it; without one everything is built. */
  readonly previous?: Release | undefined;
}

const SHORT_SHA = 7;
const MAX_TAG = 128;

/** Makes the plan. Throws Fault `input` where there is no git history or a file is gone. */
export async function plan(world: World, options: PlanOptions): Promise<Plan> {
  const { root, config } = options;
  const history = await readHistory(world, root);
  if (history.dirty.length > 0) warnOfDirt(world, history.dirty);
  const dockerfiles = await readDockerfiles(
    world,
    root,
    config.images.map(({ dockerfile }) => dockerfile),
  );
  const tag = makeTag(config, world.clock.now(), history.head);
  const targets = decideTargets({
    ...{ config, history, dockerfiles, tag, previous: options.previous },
    ignores: await readIgnores(world, root, config),
    lockHashes: await hashLocks(world, root, config),
    changes: await readChanges(world, options),
  });
  return {
    schema: 'rollout/plan',
    version: 1,
    createdAt: isoTime(world.clock.now()),
    revision: history.head,
    registry: config.registry,
    tag,
    build: [...targets.build],
    kept: [...targets.kept],
    buildSecrets: config.buildSecrets,
    deployment: planDeployment(config, await readTravelFiles(world, root, travellersOf(config, history))),
  };
}

function travellersOf(config: Config, history: History): readonly Traveller[] {
  return travellers(config, [...history.files.keys()]);
}

function warnOfDirt(world: World, dirty: readonly string[]): void {
  const shown = dirty.slice(0, 5).join(', ');
  const more = dirty.length > 5 ? ` and ${dirty.length - 5} more` : '';
  world.log.warn(
    `not committed, and built all the same: ${shown}${more}; the tag and the revisions name commits without them`,
  );
}

function makeTag(config: Config, now: number, head: string): string {
  const date = isoTime(now).slice(0, 10).replaceAll('-', '');
  const tag = config.tag.replaceAll('{date}', date).replaceAll('{sha}', head.slice(0, SHORT_SHA));
  const longest = Math.max(0, ...config.machines.map(({ name }) => name.length + 1));
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(tag) && tag.length + longest <= MAX_TAG) return tag;
  throw new Fault('input', 'the tag can not be used', {
    where: config.sources['tag'] ?? 'rollout.yml',
    expected: `letters, digits, _ . and -, at most ${MAX_TAG} with the machine behind it`,
    found: tag,
    cure: 'mend tag: in rollout.yml; {date} and {sha} are put in',
  });
}

async function readChanges(world: World, { root, since, changed, previous }: PlanOptions): Promise<Changes> {
  const forced = changed ?? [];
  const from = since ?? previous?.revision;
  if (from === undefined) return { since: undefined, paths: forced, forced };
  const paths = await changedSince(world, root, from);
  if (paths !== undefined) return { since: from, paths: [...new Set([...paths, ...forced])], forced };
  if (since !== undefined) {
    throw new Fault('usage', `this clone has no commit ${since}`, {
      where: root,
      expected: 'a commit, branch or tag of this repository',
      found: since,
      cure: 'fetch it (actions/checkout with fetch-depth: 0), or leave --since away',
    });
  }
  // The inputs' hashes still tell what changed; only the reasons are less exact.
  world.log.warn(
    `this clone does not have ${from}, the commit of the previous release; what changed is told by hashes`,
  );
  return { since: undefined, paths: forced, forced };
}

async function readIgnores(world: World, root: string, config: Config): Promise<ReadonlyMap<string, string>> {
  const names = config.images.flatMap(({ dockerfile, context }) => ignoreFilesOf(dockerfile, context));
  const read = await Promise.all(
    [...new Set(names)].map(async (name) => ({ name, text: await world.files.readText(join(root, name)) })),
  );
  return new Map(read.flatMap(({ name, text }) => (text === undefined ? [] : [[name, text]])));
}

async function hashLocks(world: World, root: string, config: Config): Promise<ReadonlyMap<string, string>> {
  const locks = [...new Set(config.images.flatMap(({ lock }) => lock ?? []))];
  const hashes = await Promise.all(
    locks.map(
      async (path) =>
        [
          path,
          createHash('sha256')
            .update(await needed(world, root, path))
            .digest('hex'),
        ] as const,
    ),
  );
  return new Map(hashes);
}

function readTravelFiles(world: World, root: string, files: readonly Traveller[]): Promise<TravelFile[]> {
  return Promise.all(files.map(async (file) => travelFile(file, await needed(world, root, file.from))));
}

async function needed(world: World, root: string, path: string): Promise<Uint8Array> {
  const bytes = await world.files.readBytes(join(root, path));
  if (bytes !== undefined) return bytes;
  throw new Fault('input', `${path} is gone`, {
    where: join(root, path),
    expected: 'the file named by the configuration',
    found: 'no such file',
    cure: 'restore it, or run rollout config again',
  });
}
