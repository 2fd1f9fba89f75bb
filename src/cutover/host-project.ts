// The project folder of one machine: the release's files in it, the pins, COMPOSE_FILE, and how all of that is undone.
import { createHash, randomBytes } from 'node:crypto';
import { basename, isAbsolute, join, normalize } from 'node:path';
import type { ComposeProject } from '../docker/compose.ts';
import type { HostCutover } from '../documents/cutover.ts';
import type { Machine, Placement, TravelFile } from '../documents/fleet.ts';
import type { Release } from '../documents/release.ts';
import { Fault } from '../fault.ts';
import {
  composeFilesOf,
  composeFileValue,
  PINS_FILE,
  wantedComposeFiles,
  withComposeFiles,
  withFormerComposeFile,
} from '../hosts/environment-file.ts';
import { parsePins, showPins, withPin, type Pin, type Pins } from '../hosts/pins.ts';
import { judgeFile, refuseHandChanges, type FileComparison } from '../hosts/project-files.ts';
import { openJournal, STATE_MODE, type Journal } from '../journal/journal.ts';
import type { HostWorld } from './host-world.ts';

/** The state folder's room for what belongs to the project and not to one service. */
export const PROJECT_ROOM = '@project';

const LOCK_WAIT_MS = 60_000;
const KEY_BYTES = 32;
const NEW_FILE_MODE = 0o644;

export interface ProjectFolder {
  readonly folder: string;
  /** As a plain `docker compose` in the folder reads it once the release's files lie there. */
  compose(): ComposeProject;
  /** The release's Compose files beside the folder's other ones, to render before anything is written. */
  staged(): Promise<ComposeProject>;
  /** Once it was rendered. */
  unstage(): Promise<void>;
  /** SHA-256 of the release's files that a service mounts, by path. */
  mountedBy(placement: Placement): Readonly<Record<string, string>>;
  /** Throws Fault `conflict` with a diff when a human changed one of the files these services need. */
  refuseHandChanges(services: readonly string[]): Promise<void>;
  write(services: readonly string[]): Promise<HostCutover['files']>;
  /** Brings back what lay there before the deployment wrote; what a human changed since stays, and is told. */
  undo(deployment: string): Promise<void>;
  /** Brings COMPOSE_FILE back, unless a service is still pinned: then a plain `docker compose` must read the pins. */
  undoEnvironment(deployment: string): Promise<void>;
  pins(): Promise<Pins>;
  /** Sets or takes out a service's pin; the file is replaced in one step. */
  setPin(composeService: string, pin: Pin | undefined): Promise<void>;
  /** Journals that a supervisor is about to be stopped, or runs again. */
  record(act: 'stop-supervisor' | 'start-supervisor', container: string): Promise<void>;
  /** Ids of supervisors that a rollout stopped and, killed, never started again. */
  stoppedSupervisors(): Promise<readonly string[]>;
  /** The key of this host's configuration hashes. */
  key(): Promise<string>;
}

export interface ProjectRequest {
  readonly release: Release;
  readonly machine: Machine;
  readonly stateFolder: string;
}

interface Place {
  readonly world: HostWorld;
  readonly machine: Machine;
  readonly release: Release;
  readonly state: string;
  readonly composePath: string;
  /** Compose files in their order, the pins last. */
  readonly files: readonly string[];
}

/** Throws Fault `input` when the release brings no Compose file for the machine, `conflict` when `.env` reads others. */
export async function openProject(
  world: HostWorld,
  { release, machine, stateFolder }: ProjectRequest,
): Promise<ProjectFolder> {
  const composePath = composePathOf(release, machine);
  const environment = (await world.files.readText(join(machine.directory, '.env'))) ?? '';
  const files = wantedComposeFiles(environment, composePath);
  const place: Place = { world, machine, release, composePath, files, state: join(stateFolder, PROJECT_ROOM) };
  return {
    folder: machine.directory,
    compose: () => ({ folder: machine.directory, files }),
    staged: () => stage(place),
    unstage: () => world.files.remove(stagingFolder(place)),
    mountedBy: (placement) => mountedBy(place, placement),
    refuseHandChanges: async (services) => {
      const journal = await openJournal(world, stateFolder, PROJECT_ROOM);
      refuseHandChanges(await compareAll(place, services, journal), machine.directory);
    },
    write: (services) => underLock(place, stateFolder, (journal) => writeAll(place, services, journal)),
    undo: (deployment) => underLock(place, stateFolder, (journal) => undoAll(place, deployment, journal)),
    undoEnvironment: (deployment) =>
      underLock(place, stateFolder, (journal) => undoEnvironment(place, deployment, journal)),
    pins: () => readPins(place),
    setPin: (service, pin) => underLock(place, stateFolder, () => setPin(place, service, pin)),
    record: (name, container) =>
      underLock(place, stateFolder, async (journal) => {
        await journal.append({ ...entryOf(place, name, { to: container }), kind: 'note' });
      }),
    stoppedSupervisors: async () => (await openJournal(world, stateFolder, PROJECT_ROOM)).history().stoppedSupervisors,
    key: () => readKey(place),
  };
}

function composePathOf(release: Release, machine: Machine): string {
  const paths = filesOf(release, machine).map(({ path }) => path);
  const found = paths.find((path) => path === normalize(machine.compose) || path === basename(machine.compose));
  if (found !== undefined) return found;
  throw new Fault('input', `the release brings no Compose file for ${machine.name}`, {
    where: 'deployment.files of the release',
    expected: machine.compose,
    found: paths.join(', '),
    cure: 'make the release anew with `rollout plan` and `rollout build`',
  });
}

function filesOf(release: Release, machine: Machine): readonly TravelFile[] {
  return release.deployment.files.filter((file) => file.machine === machine.name);
}

async function underLock<T>(place: Place, stateFolder: string, act: (journal: Journal) => Promise<T>): Promise<T> {
  const lock = await place.world.locks.acquire({
    path: join(place.state, 'lock'),
    purpose: `the project folder, for release ${place.release.tag}`,
    waitMs: LOCK_WAIT_MS,
  });
  try {
    return await act(await openJournal(place.world, stateFolder, PROJECT_ROOM));
  } finally {
    await lock.release();
  }
}

async function stage(place: Place): Promise<ComposeProject> {
  const staged = new Map<string, string>();
  for (const file of filesOf(place.release, place.machine)) {
    if (!place.files.includes(file.path)) continue;
    const path = join(stagingFolder(place), file.path);
    await place.world.files.writeAtomic(path, bytesOf(file), STATE_MODE);
    staged.set(file.path, path);
  }
  const read = place.files.filter((path) => path !== PINS_FILE);
  return { folder: place.machine.directory, files: read.map((path) => staged.get(path) ?? path) };
}

function stagingFolder(place: Place): string {
  return join(place.state, 'staged', place.release.tag);
}

function mountedBy(place: Place, placement: Placement): Record<string, string> {
  const mounted = filesOf(place.release, place.machine).filter((file) => isMounted(file, placement));
  return Object.fromEntries(mounted.map(({ path, sha256 }) => [path, sha256]));
}

function isMounted(file: TravelFile, placement: Placement): boolean {
  return placement.mounts.some(({ source, kind }) => {
    if (kind === 'volume' || isAbsolute(source)) return false;
    const root = normalize(source).replace(/\/$/, '');
    return file.path === root || file.path.startsWith(`${root}/`);
  });
}

/** A file that only other services mount waits for their turn: a restart of theirs must not meet it early. */
function neededBy(place: Place, services: readonly string[]): readonly TravelFile[] {
  const here = place.release.deployment.placements.filter(({ machine }) => machine === place.machine.name);
  return filesOf(place.release, place.machine).filter((file) => {
    const users = here.filter((placement) => isMounted(file, placement));
    return users.length === 0 || users.some(({ service }) => services.includes(service));
  });
}

async function compareAll(
  place: Place,
  services: readonly string[],
  journal: Journal,
): Promise<readonly FileComparison[]> {
  const written = journal.history().files;
  return Promise.all(
    neededBy(place, services).map(async (file) => {
      const bytes = await place.world.files.readBytes(join(place.machine.directory, file.path));
      return {
        path: file.path,
        wanted: bytesOf(file),
        wantedHash: file.sha256,
        found: bytes === undefined ? undefined : { bytes, hash: hashOf(bytes) },
        lastWrittenHash: written.findLast(({ path }) => path === file.path)?.written,
      };
    }),
  );
}

async function writeAll(place: Place, services: readonly string[], journal: Journal): Promise<HostCutover['files']> {
  const comparisons = await compareAll(place, services, journal);
  const results: { path: string; result: 'written' | 'same' }[] = [];
  for (const file of comparisons) results.push(await writeFile(place, file, journal));
  await writeEnvironment(place, journal);
  return results;
}

async function writeFile(
  place: Place,
  file: FileComparison,
  journal: Journal,
): Promise<{ path: string; result: 'written' | 'same' }> {
  const { path, found, wantedHash } = file;
  const same = judgeFile(file) === 'same';
  if (same && file.lastWrittenHash === wantedHash) return { path, result: 'same' };
  if (found !== undefined) await keepBytes(place, found);
  const write = { path, written: wantedHash, ...(found === undefined ? {} : { former: found.hash }) };
  await journal.act(entryOf(place, 'write-file', { file: write }), async () => {
    if (!same) await replaceFile(place, path, file.wanted);
  });
  return { path, result: same ? 'same' : 'written' };
}

async function keepBytes(place: Place, { bytes, hash }: { bytes: Uint8Array; hash: string }): Promise<void> {
  await place.world.files.writeAtomic(keptPath(place, hash), bytes, STATE_MODE);
}

function keptPath(place: Place, hash: string): string {
  return join(place.state, 'files', hash);
}

async function replaceFile(place: Place, path: string, bytes: string | Uint8Array): Promise<void> {
  const full = join(place.machine.directory, path);
  const mode = (await place.world.files.facts(full))?.mode ?? NEW_FILE_MODE;
  await place.world.files.writeAtomic(full, bytes, mode);
}

async function writeEnvironment(place: Place, journal: Journal): Promise<void> {
  const text = (await place.world.files.readText(join(place.machine.directory, '.env'))) ?? '';
  const wanted = withComposeFiles(text, place.files);
  if (wanted === text) return;
  const former = composeFilesOf(text);
  // COMPOSE_FILE may only name what is there, or a plain `docker compose` fails.
  if (Object.keys(await readPins(place)).length === 0) await writePins(place, {});
  const composeFile = {
    written: composeFileValue(place.files),
    ...(former === undefined ? {} : { former: composeFileValue(former) }),
  };
  await journal.act(entryOf(place, 'write-env', { composeFile }), () => replaceFile(place, '.env', wanted));
}

async function undoAll(place: Place, deployment: string, journal: Journal): Promise<void> {
  const { files } = journal.history();
  for (const file of files.toReversed().filter((write) => write.deployment === deployment)) {
    await journal.act({ ...entryOf(place, 'undo-file', { file: withoutDeployment(file) }), deployment }, () =>
      undoFile(place, file),
    );
  }
}

function withoutDeployment(file: { path: string; written: string; former?: string | undefined }): {
  path: string;
  written: string;
  former?: string;
} {
  const { path, written, former } = file;
  return { path, written, ...(former === undefined ? {} : { former }) };
}

async function undoFile(
  place: Place,
  file: { readonly path: string; readonly written: string; readonly former?: string | undefined },
): Promise<void> {
  const full = join(place.machine.directory, file.path);
  const bytes = await place.world.files.readBytes(full);
  const found = bytes === undefined ? undefined : hashOf(bytes);
  if (found === file.former) return;
  if (found !== file.written) {
    place.world.log.warn(`${full} was changed by hand after the rollout wrote it; it stays as it is`);
    return;
  }
  if (file.former === undefined) return place.world.files.remove(full);
  const former = await place.world.files.readBytes(keptPath(place, file.former));
  if (former === undefined) place.world.log.warn(`the former bytes of ${full} are not in ${place.state}; it stays`);
  else await replaceFile(place, file.path, former);
}

async function undoEnvironment(place: Place, deployment: string, journal: Journal): Promise<void> {
  const change = journal.history().composeFiles.find((one) => one.deployment === deployment);
  if (change === undefined || Object.keys(await readPins(place)).length > 0) return;
  const text = (await place.world.files.readText(join(place.machine.directory, '.env'))) ?? '';
  if (composeFileValue(composeFilesOf(text) ?? []) !== change.written) return;
  await journal.act({ ...entryOf(place, 'undo-env', {}), deployment }, async () => {
    await replaceFile(place, '.env', withFormerComposeFile(text, change.former));
    await place.world.files.remove(join(place.machine.directory, PINS_FILE));
  });
}

async function readPins(place: Place): Promise<Pins> {
  const path = join(place.machine.directory, PINS_FILE);
  return parsePins(await place.world.files.readText(path), path);
}

async function setPin(place: Place, service: string, pin: Pin | undefined): Promise<void> {
  await writePins(place, withPin(await readPins(place), service, pin));
}

async function writePins(place: Place, pins: Pins): Promise<void> {
  await place.world.files.writeAtomic(join(place.machine.directory, PINS_FILE), showPins(pins), NEW_FILE_MODE);
}

async function readKey(place: Place): Promise<string> {
  const path = join(place.state, 'hash.key');
  const known = await place.world.files.readText(path);
  if (known !== undefined) return known;
  const made = randomBytes(KEY_BYTES).toString('hex');
  await place.world.files.writeAtomic(path, made, STATE_MODE);
  return made;
}

function entryOf<F>(
  place: Place,
  act: string,
  facts: F,
): { deployment: string; state: 'Preparing'; act: string; facts: F } {
  return { deployment: place.release.tag, state: 'Preparing', act, facts };
}

function bytesOf(file: TravelFile): Uint8Array {
  const bytes = Buffer.from(file.contentBase64, 'base64');
  if (hashOf(bytes) === file.sha256) return bytes;
  throw new Fault('document', `${file.path} in the release is not what its hash says`, {
    where: `deployment.files of the release: ${file.machine} ${file.path}`,
    expected: file.sha256,
    found: hashOf(bytes),
    cure: 'make the release anew; this one was changed on its way',
  });
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
