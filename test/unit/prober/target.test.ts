// Which endpoints can be asked from where the rollout is driven.
import { describe, expect, it } from 'vitest';
import type { Machine, Placement, Port } from '../../../src/documents/fleet.ts';
import { probeTargets } from '../../../src/prober/target.ts';
import { machine, placement } from '../../fakes/fleet-release.ts';

const web: Port = { host: 8101, container: 8080, protocol: 'tcp' };
const targetsOf = (on: Partial<Machine>, ports: readonly Port[], health: Partial<Placement['health']> = {}) =>
  probeTargets({
    machines: [{ ...machine('mainpc'), ...on }],
    placements: [
      { ...placement('mainpc', 'brain'), ports, health: { ...placement('mainpc', 'brain').health, ...health } },
    ],
  }).map(({ url, vantage }) => `${vantage} ${url}`);

describe('the prober asks', () => {
  it('the published port at the address of a machine that is reached from here', () => {
    expect(targetsOf({ reach: ['ssh', 'm'], address: '10.0.0.2' }, [web])).toEqual([
      'outside http://10.0.0.2:8101/health',
    ]);
  });
  it('this machine on its loopback, and says so', () => {
    expect(targetsOf({ reach: [] }, [web])).toEqual(['host http://127.0.0.1:8101/health']);
  });
  it('an IPv6 address in brackets', () => {
    expect(targetsOf({ reach: ['x'], address: 'fd00::2' }, [web])).toEqual(['outside http://[fd00::2]:8101/health']);
  });
  it('a loopback port only where it is bound', () => {
    const bound = { ...web, address: '127.0.0.1' };
    expect(targetsOf({ reach: ['x'], address: '10.0.0.2' }, [bound])).toEqual([]);
    expect(targetsOf({ reach: [], address: '10.0.0.2' }, [bound])).toEqual(['host http://127.0.0.1:8101/health']);
  });
});

describe('the prober leaves out', () => {
  it.each<[string, Partial<Machine>, readonly Port[], Partial<Placement['health']>]>([
    ['a machine whose address nobody said', { reach: ['x'] }, [web], {}],
    ['a port that is not published', { reach: [] }, [{ container: 8080, protocol: 'tcp' }], {}],
    ['a port of another protocol', { reach: [] }, [{ ...web, protocol: 'udp' }], {}],
    ['a port that does not answer for health', { reach: [] }, [{ ...web, container: 9000 }], {}],
  ])('%s', (_fact, on, ports, health) => {
    expect(targetsOf(on, ports, health)).toEqual([]);
  });
});
