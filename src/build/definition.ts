// From a plan to one bake definition: families and services × machines, linked by contexts, pushed by digest. Pure.
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { BuildTarget, Plan } from '../documents/plan.ts';

export interface BuildSecret {
  readonly id: string;
  /** The environment variable that holds it. */
  readonly variable: string;
}

export interface DefinitionOptions {
  readonly plan: Plan;
  /** Given to every target, as `docker build --build-arg`. */
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly secrets: readonly BuildSecret[];
  /** Read and write layers in the registry, so that another builder starts warm. */
  readonly cache: boolean;
}

export interface BakeTarget {
  readonly context: string;
  readonly dockerfile: string;
  readonly contexts: Readonly<Record<string, string>>;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly platforms: readonly string[];
  readonly output: readonly string[];
  readonly secret?: readonly string[];
  readonly 'cache-from'?: readonly string[];
  readonly 'cache-to'?: readonly string[];
}

export interface BakeDefinition {
  readonly group: { readonly default: { readonly targets: readonly string[] } };
  readonly target: Readonly<Record<string, BakeTarget>>;
}

/**
 * 2024-01-01, for every build ever: a commit's time would change WORKDIR's layers, and with them all that follows, at
 * each commit (moby/buildkit bakes the epoch into them).
 */
const SOURCE_DATE_EPOCH = '1704067200';
const PLATFORM = 'linux/amd64';

/** Every target is in the default group: one reached only as a parent would stay in the cache and not be pushed. */
export function bakeDefinition(options: DefinitionOptions): BakeDefinition {
  const { plan } = options;
  return {
    group: { default: { targets: plan.build.map(({ name }) => bakeName(name)) } },
    target: Object.fromEntries(plan.build.map((target) => [bakeName(target.name), bakeTarget(target, options)])),
  };
}

/** The name of a target in a bake definition and of its cache: no dot, no slash, and still another one for each target. */
export function bakeName(target: string): string {
  const plain = target.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  return plain === target ? plain : `${plain}-${createHash('sha256').update(target).digest('hex').slice(0, 8)}`;
}

function bakeTarget(target: BuildTarget, { plan, buildArguments, secrets, cache }: DefinitionOptions): BakeTarget {
  const reference = `${plan.registry}/cache:${bakeName(target.name)}`;
  const layers = {
    'cache-from': [`type=registry,ref=${reference}`],
    'cache-to': [`type=registry,ref=${reference},mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true`],
  };
  return {
    context: target.context,
    dockerfile: posix.relative(target.context, target.dockerfile),
    contexts: Object.fromEntries(target.contexts.map(({ from, is }) => [from, contextOf(is)])),
    args: { ...buildArguments, ...target.arguments, SOURCE_DATE_EPOCH },
    labels: target.labels,
    platforms: [PLATFORM],
    output: [
      [
        'type=image',
        `name=${target.repository}`,
        'push-by-digest=true',
        'name-canonical=true',
        'push=true',
        'oci-mediatypes=true',
        'rewrite-timestamp=true',
        // Two variants of one service share a name without tag: kept in the builder's image store, one would find the other there.
        'store=false',
      ].join(','),
    ],
    ...(secrets.length === 0 ? {} : { secret: secrets.map(({ id, variable }) => `id=${id},env=${variable}`) }),
    ...(cache ? layers : {}),
  };
}

function contextOf(is: BuildTarget['contexts'][number]['is']): string {
  return is.kind === 'target' ? `target:${bakeName(is.target)}` : `docker-image://${is.reference}`;
}
