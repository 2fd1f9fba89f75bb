// Reports of single hosts drawn together, where every wave was a job of its own and nobody saw the whole.
import type { FleetCutover, HostCutover } from '../documents/cutover.ts';
import type { Wave } from '../documents/fleet.ts';
import type { Release } from '../documents/release.ts';

export interface HostReports {
  readonly release: Release;
  /** One per wave that ran, in any order. */
  readonly hosts: readonly HostCutover[];
  /** Of hosts that were returned to their former release. */
  readonly returned: readonly HostCutover[];
}

type FleetWave = FleetCutover['waves'][number];

/** The account of the fleet as far as its hosts tell it; nothing is measured from outside. Needs at least one report. */
export function gatherFleet(reports: HostReports): FleetCutover | undefined {
  const { release, returned } = reports;
  const hosts = reports.hosts.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt));
  const all = [...hosts, ...returned];
  const [startedAt, finishedAt] = [
    all.map((one) => one.startedAt).toSorted()[0],
    all
      .map((one) => one.finishedAt)
      .toSorted()
      .at(-1),
  ];
  if (startedAt === undefined || finishedAt === undefined) return undefined;
  const waves = release.deployment.waves.map((wave) => waveOf(wave, hosts));
  return {
    schema: 'rollout/fleet',
    version: 1,
    tag: release.tag,
    startedAt,
    finishedAt,
    outcome: outcomeOf(waves, returned),
    waves,
    hosts,
    returned,
    probes: [],
  };
}

function waveOf(wave: Wave, hosts: readonly HostCutover[]): FleetWave {
  const names = (host: HostCutover): readonly string[] => host.services.map(({ service }) => service);
  const host = hosts.find(
    (one) => one.machine === wave.machine && wave.services.every((name) => names(one).includes(name)),
  );
  if (wave.services.length === 0) return { ...wave, outcome: 'skipped', reason: 'no service changes in it' };
  if (host === undefined) return { ...wave, outcome: 'skipped', reason: 'no report came from its host' };
  const { startedAt, finishedAt, outcome } = host;
  const reason = host.services.find((one) => one.outcome === outcome)?.reason;
  const told = outcome === 'succeeded' || reason === undefined ? {} : { reason };
  return { ...wave, outcome, startedAt, finishedAt, ...told };
}

function outcomeOf(waves: readonly FleetWave[], returned: readonly HostCutover[]): FleetCutover['outcome'] {
  const busy = waves.filter(({ services }) => services.length > 0);
  const some = (outcome: FleetWave['outcome']): boolean => busy.some((wave) => wave.outcome === outcome);
  const stuck = returned.some(({ outcome }) => outcome !== 'succeeded' && outcome !== 'rolled-back');
  if (some('degraded') || stuck) return 'degraded';
  // A host that had nothing to return says unchanged of every service.
  const back = returned.filter(({ services }) => services.some(({ outcome }) => outcome !== 'unchanged'));
  if (busy.every(({ outcome }) => outcome === 'succeeded')) return back.length > 0 ? 'rolled-back' : 'succeeded';
  const backOn = back.map(({ machine }) => machine);
  const mixed = busy.some(({ outcome, machine }) => outcome === 'succeeded' && !backOn.includes(machine));
  if (some('aborted') && back.length === 0) return 'aborted';
  return !mixed && (some('rolled-back') || back.length > 0) ? 'rolled-back' : 'failed';
}
