// Preflight: measures this host and compares, before anything is stopped, pulled or written.
import { isAbsolute, join } from 'node:path';
import type { Check } from '../documents/findings.ts';
import { Fault, messageOf } from '../fault.ts';
import { listeningPorts } from '../hosts/listening.ts';
import {
  checkDisk,
  checkEngine,
  checkFolder,
  checkOtherHands,
  checkPath,
  checkPorts,
  type PathSeen,
} from '../hosts/preflight.ts';
import { parseManifest } from '../images/manifest.ts';
import { parseReference } from '../images/reference.ts';
import type { Registry } from '../registry/registry.ts';
import { openRegistry } from '../registry/registry.ts';
import type { Host, Turn } from './host-turn.ts';

const REGISTRY_DEADLINE_MS = 20_000;

export interface Preflight {
  readonly checks: readonly Check[];
  /** Of the checks that failed: by service, and of the host as a whole. */
  readonly failedOf: (turn: Turn) => Check | undefined;
}

export async function preflight(host: Host, turns: readonly Turn[]): Promise<Preflight> {
  const ofHost = [checkEngine(host.facts), await checkSpace(host, turns), await checkProjectFolder(host)];
  const containers = await host.engine.containers();
  const supervisors = host.options.release.deployment.supervisors.map(({ container }) => container);
  const hands = checkOtherHands(containers, supervisors);
  const listening = listeningPorts(
    await host.world.files.readText('/proc/net/tcp'),
    await host.world.files.readText('/proc/net/tcp6'),
  );
  const perTurn = new Map<Turn, readonly Check[]>();
  for (const turn of turns) {
    const replaced = turn.before === undefined ? [] : [turn.before.id];
    const ports = checkPorts({ placement: turn.placement, replaced, containers, listening });
    perTurn.set(turn, [...ports, ...(await pathChecks(host, turn))]);
  }
  const hostFailure = ofHost.find(isFailure);
  return {
    checks: [...ofHost, ...hands, ...[...perTurn.values()].flat()],
    failedOf: (turn) => hostFailure ?? perTurn.get(turn)?.find(isFailure),
  };
}

export function isFailure({ verdict }: Check): boolean {
  return verdict === 'fail';
}

async function checkSpace(host: Host, turns: readonly Turn[]): Promise<Check> {
  const path = host.facts.dataRoot;
  const seen = await host.world.files.facts(path).catch(() => undefined);
  // On a desktop engine the data lies inside a virtual machine: what lies at that path here is something else.
  const freeBytes =
    seen === undefined || host.facts.kind === 'desktop'
      ? undefined
      : await host.world.files.freeBytes(path).catch(() => undefined);
  return checkDisk({ path, freeBytes, missingBytes: await missingBytes(host, turns) }, host.machine);
}

/** Compressed bytes of the layers to pull, each layer once; undefined when a registry did not say. */
async function missingBytes(host: Host, turns: readonly Turn[]): Promise<number | undefined> {
  const absent: string[] = [];
  for (const reference of new Set(turns.map(({ target }) => target.reference))) {
    if ((await host.engine.image(reference)) === undefined) absent.push(reference);
  }
  const registry = openRegistry(host.world, { actions: 'pull', deadlineMs: REGISTRY_DEADLINE_MS, absentTries: 1 });
  const layers = new Map<string, number>();
  for (const reference of absent) {
    const found = await layersOf(registry, reference);
    if (found === undefined) return undefined;
    for (const { digest, size } of found) layers.set(digest, size);
  }
  return [...layers.values()].reduce((sum, size) => sum + size, 0);
}

async function layersOf(
  registry: Registry,
  reference: string,
): Promise<readonly { digest: string; size: number }[] | undefined> {
  const name = parseReference(reference);
  const read = async (digest: string): Promise<ReturnType<typeof parseManifest> | undefined> => {
    const answer = await registry.manifest(name, digest);
    return answer.kind === 'found' ? parseManifest(answer.value.bytes, answer.value.contentType) : undefined;
  };
  const root = name.digest === undefined ? undefined : await read(name.digest);
  if (root?.kind === 'image') return root.layers;
  if (root?.kind !== 'index') return undefined;
  const runnable = root.manifests.find((entry) => entry.platform?.architecture === 'amd64');
  const child = runnable === undefined ? undefined : await read(runnable.digest);
  return child?.kind === 'image' ? child.layers : undefined;
}

async function checkProjectFolder(host: Host): Promise<Check> {
  const { folder } = host.project;
  const probe = join(folder, '.rollout-preflight');
  const written = await host.world.files.writeAtomic(probe, '').then(
    () => true,
    () => false,
  );
  if (written) await host.world.files.remove(probe);
  return checkFolder(folder, written);
}

async function pathChecks(host: Host, { placement }: Turn): Promise<readonly Check[]> {
  const { service } = placement;
  const binds = placement.mounts.flatMap(({ kind, source }) =>
    kind === 'volume' ? [] : [{ path: source, travels: kind === 'repository' }],
  );
  const environment = placement.environmentFiles.map((path) => ({ path, travels: false }));
  const seen: PathSeen[] = [];
  for (const { path, travels } of [...binds, ...environment]) {
    const full = isAbsolute(path) ? path : join(host.project.folder, path);
    const facts = await host.world.files.facts(full).catch((error: unknown) => {
      throw new Fault('host', `can't look at ${full}: ${messageOf(error)}`, { where: full, cause: error });
    });
    seen.push({ service, path: full, found: facts?.kind, travels });
  }
  return seen.map(checkPath);
}
