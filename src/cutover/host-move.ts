// The forward steps of one service: what each state does, from the image on the host to the old container's end.
import { messageOf } from '../fault.ts';
import { gate, soak } from '../health/watch.ts';
import { httpProbe, tcpProbe, type Probe } from '../health/probe.ts';
import { composeServiceOf, isRunning, ROLLOUT_LABELS, shortId, type Container } from '../hosts/container.ts';
import type { ReleaseRecord } from '../journal/event.ts';
import { isoTime } from '../world/clock.ts';
import { pruneReleases } from './host-retention.ts';
import { act } from './host-account.ts';
import { DONE, projectOf, type Host, type StepResult, type Turn } from './host-turn.ts';
import { subjectOf } from './host-watch.ts';

/** How long the published port may take to answer once the container itself does. */
const PUBLIC_DEADLINE_MS = 10_000;
const PUBLIC_PERIOD_MS = 100;

/** Image checked and tagged, pinned, and a container of it created beside the one that serves. */
export async function prepare(host: Host, turn: Turn): Promise<StepResult> {
  const { engine } = host;
  const { target } = turn;
  const image = await engine.image(target.reference);
  if (image === undefined) return failed(`the image is not on this host: ${target.reference}`);
  return host.alone(async () => {
    host.signal.throwIfAborted();
    // A tag keeps the engine's own cleaning away from an image that is only known by digest. One at a time: two
    // services of one image would put the same tag, and the containerd store refuses the second of two at once.
    await engine.tag(target.reference, target.repository, target.tag);
    await pin(host, turn);
    return turn.manner === 'beside' ? createBeside(host, turn) : DONE;
  });
}

async function pin(host: Host, turn: Turn): Promise<void> {
  const { composeService } = turn.placement;
  const formerPin = (await host.project.pins())[composeService];
  const facts = { pin: turn.target.pin, ...(formerPin === undefined ? {} : { formerPin }) };
  turn.pinned = true;
  await act(turn, { act: 'write-pin', facts }, () => host.project.setPin(composeService, turn.target.pin));
}

async function createBeside(host: Host, turn: Turn): Promise<StepResult> {
  await removeLeftovers(host, turn);
  const former = await ownContainers(host, turn);
  const service = turn.placement.composeService;
  const made = await act(
    turn,
    { act: 'create', facts: { digest: turn.target.pin.digest } },
    async () => {
      await host.compose.createBeside(projectOf(host), { service, scale: former.length + 1 }, host.signal);
      const known = new Set(former.map(({ id }) => id));
      const created = (await ownContainers(host, turn)).find(({ id }) => !known.has(id));
      turn.made = created?.id;
      turn.madeName = created?.name;
      return created;
    },
    (created) => (created === undefined ? {} : { to: created.id }),
  );
  if (made === undefined) return failed(`Compose made no second container of ${service}`);
  return checkIdentity(host, turn, made);
}

/** Containers that an earlier, unfinished rollout made and never started. */
async function removeLeftovers(host: Host, turn: Turn): Promise<void> {
  const own = await ownContainers(host, turn);
  for (const container of own) {
    const ours = container.labels[ROLLOUT_LABELS.deployment] !== undefined;
    if (!ours || isRunning(container) || container.id === turn.before?.id) continue;
    await act(turn, { act: 'remove-leftover', facts: { message: container.name } }, () =>
      host.engine.remove(container.id),
    );
  }
}

async function ownContainers(host: Host, turn: Turn): Promise<readonly Container[]> {
  const all = await host.engine.containers();
  return all.filter((container) => composeServiceOf(container, host.rendered.name) === turn.placement.composeService);
}

/** By the digests the engine knows the image by: an image's own id means another thing in every store. */
async function checkIdentity(host: Host, turn: Turn, container: Container): Promise<StepResult> {
  const image = await host.engine.image(container.imageId);
  if (image?.digests.includes(turn.target.reference) === true) return DONE;
  const found = image?.digests.join(', ') ?? 'an image that is gone';
  return failed(`the new container runs another image: expected ${turn.target.reference}, found ${found}`);
}

/** The gap begins: the old one stops, the new one starts. */
export async function start(host: Host, turn: Turn): Promise<StepResult> {
  host.signal.throwIfAborted();
  const { clock } = host.world;
  const beganAt = clock.monotonic();
  if (turn.before !== undefined && isRunning(turn.before)) turn.gapStartedAt = beganAt;
  await stopOld(host, turn);
  const stoppedAt = clock.monotonic();
  const result = turn.manner === 'beside' ? await startNew(host, turn) : await recreate(host, turn);
  turn.times = { stopMs: stoppedAt - beganAt, startMs: clock.monotonic() - stoppedAt };
  return result;
}

async function stopOld(host: Host, turn: Turn): Promise<void> {
  const { before } = turn;
  // In its place, Compose stops and removes its own; one that is not Compose's must free its name and ports.
  if (before === undefined || (turn.manner === 'in-place' && turn.kept?.owner !== 'hand-run')) return;
  const { stopGraceMs } = turn.placement;
  await act(turn, { act: 'stop-old', facts: { message: before.name } }, () => host.engine.stop(before.id, stopGraceMs));
  if (turn.manner === 'in-place') await host.engine.rename(before.id, setAsideName(turn, before));
}

export function setAsideName(turn: Turn, before: Container): string {
  return `${before.name}.before-${turn.target.pin.deployment}`;
}

async function startNew(host: Host, turn: Turn): Promise<StepResult> {
  const { made } = turn;
  if (made === undefined) return failed('there is no new container to start');
  // Once stopped, the old one must not come back with the engine; while it runs, an update could take its GPU away.
  const [started] = await Promise.allSettled([
    act(turn, { act: 'start-new', facts: { to: made } }, () => host.engine.start(made)),
    dropRestartPolicy(host, turn),
  ]);
  return started.status === 'fulfilled' ? DONE : failed(messageOf(started.reason));
}

async function dropRestartPolicy(host: Host, turn: Turn): Promise<void> {
  if (turn.before === undefined) return;
  await host.engine.setRestartPolicy(turn.before.id, { name: 'no', maximumRetries: 0 });
}

async function recreate(host: Host, turn: Turn): Promise<StepResult> {
  const service = turn.placement.composeService;
  return host.alone(async () => {
    const recreated = await act(
      turn,
      { act: 'recreate', facts: { digest: turn.target.pin.digest } },
      async () => {
        await host.compose.recreate(projectOf(host), service, host.signal);
        const [container] = await ownContainers(host, turn);
        turn.made = container?.id;
        turn.madeName = container?.name;
        return container;
      },
      (container) => (container === undefined ? {} : { to: container.id }),
    );
    return recreated === undefined
      ? failed(`Compose made no container of ${service}`)
      : checkIdentity(host, turn, recreated);
  });
}

/** The health gate, on the new container's own address. */
export async function verify(host: Host, turn: Turn): Promise<StepResult> {
  const { world, engine, signal } = host;
  const container = turn.made === undefined ? undefined : await engine.container(turn.made);
  if (container === undefined) return failed('the new container is gone');
  const began = world.clock.monotonic();
  turn.gate = await gate(world.clock, subjectOf(host, container, turn.placement), turn.placement.health, signal);
  const { firstHealthyMs } = turn.gate;
  if (firstHealthyMs !== undefined) {
    turn.times = { ...turn.times, readyMs: firstHealthyMs };
    if (turn.gapStartedAt !== undefined) turn.gapEndedAt = began + firstHealthyMs;
  }
  return turn.gate.verdict === 'healthy'
    ? { kind: 'done', message: turn.gate.reason }
    : failed(`${turn.gate.verdict}: ${turn.gate.reason}`);
}

/** What clients reach must answer too: the published port, on this machine. */
export async function promote(host: Host, turn: Turn): Promise<StepResult> {
  const probe = publicProbe(host, turn);
  if (probe === undefined) return { kind: 'done', message: 'no port is published' };
  const { clock } = host.world;
  const due = clock.monotonic() + PUBLIC_DEADLINE_MS;
  for (;;) {
    const seen = await probe();
    if (seen.kind === 'success') return DONE;
    if (clock.monotonic() >= due)
      return failed(`the published port does not answer as the container does: ${seen.reason}`);
    await clock.sleep(PUBLIC_PERIOD_MS, host.signal);
  }
}

function publicProbe({ world }: Host, { placement }: Turn): Probe | undefined {
  const { health, ports } = placement;
  const published = ports.filter(({ protocol, host }) => protocol === 'tcp' && host !== undefined);
  const port = published.find(({ container }) => container === health.port) ?? published[0];
  if (port?.host === undefined) return undefined;
  const address = port.address === undefined || port.address === '0.0.0.0' ? '127.0.0.1' : port.address;
  const answers = port.container === health.port;
  return answers ? httpProbe(world.http, address, port.host, health) : tcpProbe(world.sockets, address, port.host);
}

export async function watchOver(host: Host, turn: Turn): Promise<StepResult> {
  const { world, engine, options, signal } = host;
  if (options.soakMs === 0) return DONE;
  const container = turn.made === undefined ? undefined : await engine.container(turn.made);
  if (container === undefined) return failed('the new container is gone');
  const lost = await soak(world.clock, subjectOf(host, container, turn.placement), options.soakMs, signal);
  return lost === undefined ? DONE : failed(`failed in its soak: ${lost}`);
}

/** The old one goes; what the way back needs stays. Nothing here fails the service: it serves already. */
export async function finalise(host: Host, turn: Turn): Promise<StepResult> {
  const troubles: string[] = [];
  const tries: readonly (() => Promise<void>)[] = [
    () => tagFormer(host, turn),
    () => retire(host, turn),
    () => pruneReleases(host, turn),
  ];
  for (const attempt of tries) {
    await attempt().catch((error: unknown) => {
      troubles.push(messageOf(error));
    });
  }
  for (const trouble of troubles) host.world.log.warn(`${turn.placement.service}: ${trouble}`);
  return troubles.length === 0 ? DONE : { kind: 'done', message: `left to do: ${troubles.join('; ')}` };
}

/** What the journal will know of this release: all it takes to make it again. */
export function releaseOf(host: Host, turn: Turn): ReleaseRecord | undefined {
  const { made, target, configuration, placement } = turn;
  if (made === undefined) return undefined;
  const at = isoTime(host.world.clock.now());
  return { deployment: target.pin.deployment, at, pin: target.pin, configuration, container: made, placement };
}

async function tagFormer(host: Host, turn: Turn): Promise<void> {
  if (turn.before === undefined || turn.direction === 'return') return;
  await host.engine.tag(turn.before.imageId, turn.target.repository, `${host.machine.name}-prev`);
}

/** Compose's own container is made again from its pin at any time; a hand-run one is kept until the next success. */
async function retire(host: Host, turn: Turn): Promise<void> {
  const { before, kept } = turn;
  const adopted = turn.journal.history().adopted;
  if (before !== undefined && kept?.owner === 'compose' && turn.manner === 'beside') {
    await act(turn, { act: 'remove-old', facts: { message: `${before.name} ${shortId(before.id)}` } }, () =>
      host.engine.remove(before.id),
    );
  }
  if (adopted !== undefined && adopted.container !== before?.id && turn.direction === 'forward') {
    await act(turn, { act: 'drop-adopted', facts: { message: adopted.name } }, () =>
      host.engine.remove(adopted.container),
    );
  }
}

export function failed(message: string): StepResult {
  return { kind: 'failed', message };
}
