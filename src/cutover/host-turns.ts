// The turns of one call: each service with its journal, what runs it today, what it shall become, and whether it is that already.
import type { Placement } from '../documents/fleet.ts';
import { Fault } from '../fault.ts';
import { composeServiceOf, isRunning, type Container } from '../hosts/container.ts';
import { effectiveHash } from '../hosts/effective.ts';
import type { KeptContainer, ReleaseRecord } from '../journal/event.ts';
import { openJournal, type Journal } from '../journal/journal.ts';
import type { History } from '../journal/replay.ts';
import { placementsOf } from './host-open.ts';
import { recover } from './host-recover.ts';
import { newTurn, type Host, type Target, type Turn } from './host-turn.ts';
import { probeOf } from './host-watch.ts';

/** Finishes what a killed rollout left of each service, then opens its turn. */
export async function openTurns(host: Host): Promise<readonly Turn[]> {
  const { release, machine, services, stateFolder, direction } = host.options;
  const turns: Turn[] = [];
  for (const placement of placementsOf(release, machine, services)) {
    const journal = await openJournal(host.world, stateFolder, placement.service);
    await recover(host, placement, journal);
    turns.push(
      direction === 'forward'
        ? await forwardTurn(host, placement, journal)
        : await returnTurn(host, placement, journal),
    );
  }
  return turns;
}

export async function forwardTurn(host: Host, placement: Placement, journal: Journal): Promise<Turn> {
  const target = targetOf(host, placement);
  const configuration = await configurationOf(host, placement);
  const before = await runningToday(host, placement, journal.history());
  const turn = newTurn({ placement, target, journal, configuration, direction: 'forward' });
  turn.unchanged = isUnchanged({ history: journal.history(), target, configuration, before })
    ? 'this image runs with this configuration already'
    : undefined;
  await takeBaseline(host, turn, before);
  return turn;
}

/** Back to the release before this one: from its record, or by the very container that was there. */
async function returnTurn(host: Host, placement: Placement, journal: Journal): Promise<Turn> {
  const { current, former, adopted } = journal.history();
  if (current === undefined || current.deployment !== host.options.release.tag) {
    const turn = newTurn({
      placement,
      target: targetOf(host, placement),
      journal,
      configuration: '',
      direction: 'return',
    });
    turn.unchanged = current === undefined ? 'no release runs here' : `it runs release ${current.deployment}`;
    return turn;
  }
  const [previous] = former;
  return previous === undefined
    ? undoTurn(host, { placement, journal, current, adopted })
    : recordTurn(host, previous, journal);
}

async function recordTurn(host: Host, record: ReleaseRecord, journal: Journal): Promise<Turn> {
  const { placement, configuration } = record;
  const turn = newTurn({ placement, target: targetOfRecord(record), journal, configuration, direction: 'return' });
  await takeBaseline(host, turn, await runningToday(host, placement, journal.history()));
  return turn;
}

/** Nothing of ours was before: the new one goes, the adopted one serves again, the pin is taken out. */
async function undoTurn(
  host: Host,
  first: {
    readonly placement: Placement;
    readonly journal: Journal;
    readonly current: ReleaseRecord;
    readonly adopted: KeptContainer | undefined;
  },
): Promise<Turn> {
  const { placement, journal, current, adopted } = first;
  const { configuration } = current;
  const turn = newTurn({ placement, target: targetOfRecord(current), journal, configuration, direction: 'forward' });
  turn.made = current.container;
  turn.kept = adopted;
  turn.before = adopted === undefined ? undefined : await host.engine.container(adopted.container);
  turn.pinned = true;
  turn.state = 'Soaking';
  turn.next = 'RollingBack';
  return turn;
}

function targetOf(host: Host, placement: Placement): Target {
  const { release, machine } = host.options;
  const candidates = release.images.filter(({ image, kind }) => image === placement.image && kind === 'service');
  const image =
    candidates.find((one) => one.machine === machine) ?? candidates.find((one) => one.machine === undefined);
  if (image === undefined) {
    throw new Fault('input', `the release has no image for ${placement.service} on ${machine}`, {
      where: 'images of the release',
      expected: `an image ${placement.image} for ${machine}, or for every machine`,
      found: release.images.map(({ name }) => name).join(', '),
      cure: 'build the release anew',
    });
  }
  const { repository, tag, digest } = image;
  const pin = { image: `${repository}:${tag}@${digest}`, deployment: release.tag, digest };
  return { pin, reference: `${repository}@${digest}`, repository, tag };
}

function targetOfRecord({ pin }: ReleaseRecord): Target {
  const named = pin.image.slice(0, pin.image.indexOf('@'));
  const colon = named.lastIndexOf(':');
  const repository = named.slice(0, colon);
  return { pin, reference: `${repository}@${pin.digest}`, repository, tag: named.slice(colon + 1) };
}

async function configurationOf(host: Host, placement: Placement): Promise<string> {
  const rendered = host.rendered.services[placement.composeService];
  if (rendered === undefined) {
    throw new Fault('input', `Compose knows no service ${placement.composeService} on ${host.machine.name}`, {
      where: `${host.project.folder}: ${host.project.compose().files.join(', ')}`,
      expected: placement.composeService,
      found: Object.keys(host.rendered.services).join(', '),
    });
  }
  return effectiveHash({ rendered, mounted: host.project.mountedBy(placement), key: await host.project.key() });
}

/** Compose's own container, the running one first; else the one that was adopted. */
async function runningToday(host: Host, placement: Placement, history: History): Promise<Container | undefined> {
  const all = await host.engine.containers();
  const own = all.filter((one) => composeServiceOf(one, host.rendered.name) === placement.composeService);
  const running = own.filter(isRunning);
  if (running.length > 1) throw severalFault(placement, running);
  const adopted = all.find(({ id }) => id === history.adopted?.container);
  const served = running[0] ?? (adopted !== undefined && isRunning(adopted) ? adopted : undefined);
  return served ?? own.find(({ id }) => id === history.current?.container) ?? own[0] ?? adopted;
}

function severalFault(placement: Placement, running: readonly Container[]): Fault {
  return new Fault('unsupported', `${placement.service} runs in several containers`, {
    expected: 'one container per service and machine',
    found: running.map(({ name }) => name).join(', '),
    cure: `stop all but one, and take \`scale\` or \`replicas\` out of the Compose file`,
  });
}

function isUnchanged(seen: {
  readonly history: History;
  readonly target: Target;
  readonly configuration: string;
  readonly before: Container | undefined;
}): boolean {
  const { current } = seen.history;
  const runs = seen.before !== undefined && isRunning(seen.before) && seen.before.id === current?.container;
  return runs && current.pin.digest === seen.target.pin.digest && current.configuration === seen.configuration;
}

/** How it is today, asked once: a broken baseline stops nothing, it only means that there is no healthy way back. */
async function takeBaseline(host: Host, turn: Turn, before: Container | undefined): Promise<void> {
  turn.before = before;
  if (before === undefined) return;
  turn.baseline = isRunning(before) ? await healthOf(host, turn.placement, before) : 'exited';
  const { name, restartPolicy, id } = before;
  turn.kept = {
    container: id,
    name,
    restartPolicy,
    wasRunning: isRunning(before),
    wasHealthy: turn.baseline === 'healthy' || turn.baseline === 'none',
    owner: composeServiceOf(before, host.rendered.name) === undefined ? 'hand-run' : 'compose',
  };
}

async function healthOf(host: Host, placement: Placement, before: Container): Promise<NonNullable<Turn['baseline']>> {
  const seen = await probeOf(host, before, placement)();
  if (seen.kind === 'success') return placement.health.port === undefined ? 'none' : 'healthy';
  return 'unhealthy';
}
