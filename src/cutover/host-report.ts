// What one host did, as its document: drawn from the turns once all of them are at their end.
import type { HostCutover, ServiceCutover, ServiceOutcome } from '../documents/cutover.ts';
import type { Container } from '../hosts/container.ts';
import { isoTime } from '../world/clock.ts';
import type { Told } from './host-return.ts';
import type { Host, Turn } from './host-turn.ts';

export function hostReport(
  host: Host,
  turns: readonly Turn[],
  told: Told & { readonly startedAt: string },
): HostCutover {
  const { release, machine, signal, direction } = host.options;
  const services = turns.map((turn) => serviceReport(host, turn));
  const stopped = direction === 'forward' && signal.aborted && services.some(({ outcome }) => !arrived(outcome));
  return {
    schema: 'rollout/cutover',
    version: 1,
    deployment: release.tag,
    machine,
    tag: release.tag,
    startedAt: told.startedAt,
    finishedAt: isoTime(host.world.clock.now()),
    outcome: stopped && !services.some(({ outcome }) => outcome === 'degraded') ? 'aborted' : worst(services),
    preflight: told.checks,
    services,
    supervisors: told.supervisors,
    files: told.files,
  };
}

function arrived(outcome: ServiceOutcome): boolean {
  return outcome === 'succeeded' || outcome === 'unchanged';
}

function worst(services: readonly ServiceCutover[]): HostCutover['outcome'] {
  const some = (outcome: ServiceOutcome): boolean => services.some((service) => service.outcome === outcome);
  if (some('degraded')) return 'degraded';
  if (some('rolled-back')) return 'rolled-back';
  return some('failed') || some('skipped') ? 'failed' : 'succeeded';
}

function serviceReport(host: Host, turn: Turn): ServiceCutover {
  const { placement, gate, evidence, before, made, target } = turn;
  const from = before === undefined ? {} : { from: runningOf(turn, before) };
  const reached = turn.state === 'Succeeded' && turn.unchanged === undefined && made !== undefined;
  const { digest } = target.pin;
  const to = reached ? { to: { container: made, name: nameOf(host, turn), image: target.pin.image, digest } } : {};
  return {
    service: placement.service,
    machine: host.machine.name,
    outcome: outcomeOf(turn),
    reason: reasonOf(turn),
    strategy: turn.manner === 'beside' ? 'stop-first' : 'stop-first, in place: container_name forbids two',
    ...from,
    ...to,
    states: turn.states,
    ...gapOf(turn),
    ...(gate === undefined ? {} : { gate }),
    ...(evidence === undefined ? {} : { evidence }),
  };
}

function outcomeOf(turn: Turn): ServiceOutcome {
  if (turn.state === 'Succeeded') return turn.unchanged === undefined ? 'succeeded' : 'unchanged';
  if (turn.state === 'RolledBack') return 'rolled-back';
  if (turn.state === 'Failed') return turn.spared ? 'skipped' : 'failed';
  return 'degraded';
}

function reasonOf(turn: Turn): string {
  if (turn.unchanged !== undefined) return turn.unchanged;
  const said = [turn.cause, turn.reason].filter((text) => text !== undefined && text !== '');
  const unique = [...new Set(said)];
  return unique.length === 0 ? turn.state : unique.join('; ');
}

function runningOf(turn: Turn, { id, name, image, labels }: Container): NonNullable<ServiceCutover['from']> {
  const digest = labels['rollout.digest'] ?? image.split('@')[1];
  const health = turn.baseline === undefined ? {} : { health: turn.baseline };
  return { container: id, name, image, ...(digest === undefined ? {} : { digest }), ...health };
}

function nameOf(host: Host, turn: Turn): string {
  return turn.madeName ?? `${host.rendered.name}-${turn.placement.composeService}`;
}

function gapOf({ times, gapStartedAt, gapEndedAt }: Turn): Pick<ServiceCutover, 'gap'> {
  const { stopMs, startMs, readyMs } = times;
  if (gapStartedAt === undefined || gapEndedAt === undefined) return {};
  if (stopMs === undefined || startMs === undefined || readyMs === undefined) return {};
  return { gap: { totalMs: gapEndedAt - gapStartedAt, stopMs, startMs, readyMs } };
}
