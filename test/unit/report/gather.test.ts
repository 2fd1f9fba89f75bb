// Reports of single hosts, drawn together where every wave was a job of its own.
import { describe, expect, it } from 'vitest';
import { fleetCutoverSchema, type FleetCutover, type HostCutover } from '../../../src/documents/cutover.ts';
import { gatherFleet } from '../../../src/report/gather.ts';
import { smallRelease } from '../../fakes/fleet-release.ts';
import { at, goodFleet, hostOf, moved, rolledBack } from '../../fakes/rollout-documents.ts';

const release = smallRelease();
const [canary, rest, pc2] = goodFleet().hosts as [HostCutover, HostCutover, HostCutover];
const failedPc2 = hostOf(
  'pc2',
  ['bus', 'eyes'].map((name) => rolledBack('pc2', name, 20)),
  20,
  'rolled-back',
);
const ended = (outcome: HostCutover['outcome'], host = canary): HostCutover => ({ ...host, outcome });
const back = (machine: string, ...services: string[]): HostCutover =>
  hostOf(
    machine,
    services.map((name) => rolledBack(machine, name, 40)),
    40,
    'rolled-back',
  );
const idle = (machine: string): HostCutover =>
  hostOf(machine, [{ ...moved(machine, 'bus', 40), outcome: 'unchanged' }], 40);
const gather = (hosts: readonly HostCutover[], returned: readonly HostCutover[] = []): FleetCutover =>
  gatherFleet({ release, hosts, returned })!;

describe('reports of single hosts', () => {
  it('become the account of the fleet, each in its wave, whatever their order', () => {
    const fleet = gather([pc2, rest, canary]);
    expect(fleetCutoverSchema.parse(fleet)).toEqual(fleet);
    expect(fleet.waves.map(({ startedAt }) => startedAt)).toEqual([at(0), at(10), at(20)]);
    expect(fleet).toMatchObject({ outcome: 'succeeded', startedAt: at(0), finishedAt: at(29), probes: [] });
    expect(fleet.hosts).toEqual([canary, rest, pc2]);
  });

  it('say nothing when there are none', () => {
    expect(gatherFleet({ release, hosts: [], returned: [] })).toBeUndefined();
  });

  it('say of a wave without a report that it has none', () => {
    expect(gather([canary]).waves[2]).toMatchObject({ outcome: 'skipped', reason: 'no report came from its host' });
  });

  it.each<[string, readonly HostCutover[], readonly HostCutover[], FleetCutover['outcome']]>([
    ['a canary that rolled itself back', [ended('rolled-back')], [], 'rolled-back'],
    ['a canary refused by the preflight', [ended('failed')], [], 'failed'],
    [
      'the same, with hosts asked to return that had nothing to',
      [ended('failed')],
      [idle('mainpc'), idle('pc2')],
      'failed',
    ],
    [
      'a batch that failed, and what moved before returned',
      [canary, rest, failedPc2],
      [back('mainpc', 'bus', 'brain')],
      'rolled-back',
    ],
    ['a batch that failed, and what moved before left', [canary, rest, failedPc2], [], 'failed'],
    [
      'everything good, and returned later',
      [canary, rest, pc2],
      [back('mainpc', 'bus'), back('pc2', 'bus')],
      'rolled-back',
    ],
    ['a host that needs a human', [canary, ended('degraded', rest)], [], 'degraded'],
    ['a return that failed', [canary, ended('failed', rest)], [ended('failed', back('mainpc', 'brain'))], 'degraded'],
    ['a job that was cancelled', [canary, ended('aborted', rest)], [], 'aborted'],
    ['a wave that never reported', [canary, rest], [], 'failed'],
  ])('of %s', (_fact, hosts, returned, outcome) => {
    expect(gather(hosts, returned).outcome).toBe(outcome);
  });
});
