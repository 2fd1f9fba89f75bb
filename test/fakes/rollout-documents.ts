// All documents of one small rollout for tests of what is drawn from them: one that went well, and ways for it to go wrong.
import type {
  FleetCutover,
  HostCutover,
  ProbeReport,
  ServiceCutover,
  ServiceState,
} from '../../src/documents/cutover.ts';
import type { Findings } from '../../src/documents/findings.ts';
import type { Release } from '../../src/documents/release.ts';
import type { Publication, Verification } from '../../src/documents/verification.ts';
import { digestOf, smallRelease, TAG } from './fleet-release.ts';

const START = Date.UTC(2026, 10, 23, 20, 15);
/** Seconds after the rollout began, as ISO 8601. */
export const at = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();

export const findings: Findings = {
  schema: 'rollout/findings',
  version: 1,
  checked: ['brain/Dockerfile'],
  findings: [],
};

export const verificationOf = (release: Release): Verification => ({
  schema: 'rollout/verification',
  version: 1,
  createdAt: at(-20),
  tag: release.tag,
  verdict: 'present',
  requests: 17,
  durationMs: 412,
  images: release.images.map((image, index) => ({
    target: image.name,
    reference: `${image.repository}@${image.digest}`,
    digest: image.digest,
    verdict: 'present',
    message: 'the registry holds it whole',
    layers: 5,
    bytes: 71_400_000 + index * 1_000_000,
    checks: [],
  })),
});

export const publicationOf = (release: Release): Publication => ({
  schema: 'rollout/publication',
  version: 1,
  createdAt: at(-10),
  tag: release.tag,
  tags: release.images.map((image) => ({
    reference: `${image.repository}:${image.tag}`,
    digest: image.digest,
    result: image.origin === 'kept' ? 'already' : 'put',
  })),
});

const STATES: readonly ServiceState[] = [
  'Pending',
  'Preflight',
  'Preparing',
  'Starting',
  'Verifying',
  'Soaking',
  'Succeeded',
];

const running = (service: string, letter: string, container: string) => ({
  container,
  name: `fleet-${service}-1`,
  image: `ghcr.io/acme/fleet/${service}:${TAG}@${digestOf(letter)}`,
  digest: digestOf(letter),
});

/** A service that moved: began at `from` seconds. */
export const moved = (machine: string, service: string, from: number): ServiceCutover => ({
  service,
  machine,
  outcome: 'succeeded',
  reason: 'healthy for 2 s, and through the soak',
  strategy: 'stop-first',
  from: { ...running(service, 'e', 'c0ffee'), health: 'healthy' },
  to: running(service, 'b', 'beef'),
  states: STATES.map((state, index) => ({ state, at: at(from + index) })),
  gap: { totalMs: 929, stopMs: 237, startMs: 280, readyMs: 412 },
  gate: {
    verdict: 'healthy',
    attempts: 14,
    firstHealthyMs: 1_240,
    lastStatus: 200,
    lastBody: '{"status": "ok"}',
    reason: 'healthy for 2 s without a failure',
  },
});

/** A service whose new container answered 500, and that is served by its earlier version again. */
export const rolledBack = (machine: string, service: string, from: number): ServiceCutover => {
  const { to: _to, ...rest } = moved(machine, service, from);
  const gate = { verdict: 'unhealthy' as const, attempts: 60, lastStatus: 500, lastBody: '{"status":"error"}' };
  return {
    ...rest,
    outcome: 'rolled-back',
    reason: 'no good answer within 60 s; the earlier version serves again',
    states: (['Pending', 'Starting', 'Verifying', 'RollingBack', 'RolledBack'] as const).map((state, index) => ({
      state,
      at: at(from + index),
    })),
    gate: { ...gate, reason: 'no good answer within 60 s' },
    evidence: { exitCode: 1, restarts: 0, log: ['booting', 'Traceback: no such model'], events: ['die exitCode=1'] },
  };
};

export const hostOf = (
  machine: string,
  services: readonly ServiceCutover[],
  from: number,
  outcome: HostCutover['outcome'] = 'succeeded',
): HostCutover => ({
  schema: 'rollout/cutover',
  version: 1,
  deployment: TAG,
  machine,
  tag: TAG,
  startedAt: at(from),
  finishedAt: at(from + 9),
  outcome,
  preflight: [],
  services,
  supervisors: [{ container: 'healer', at: at(from), event: 'stopped for the cutover, and started after it' }],
  files: [],
});

export const probeOf = (machine: string, service: string, change: Partial<ProbeReport> = {}): ProbeReport => ({
  machine,
  service,
  url: 'http://10.0.0.2:8101/health',
  vantage: 'outside',
  periodMs: 50,
  requests: 812,
  failed: 0,
  failures: {},
  longestGapMs: 0,
  totalGapMs: 0,
  latencyMs: { median: 1.2, p95: 3.4, max: 41 },
  resolutionMs: 58,
  gaps: [],
  ...change,
});

const GAP: Partial<ProbeReport> = {
  failed: 18,
  failures: { refused: 17, reset: 1 },
  longestGapMs: 946,
  totalGapMs: 946,
  gaps: [{ at: at(4), ms: 946 }],
};

type Wave = FleetCutover['waves'][number];
const waveOf = (release: Release, index: number, change: Partial<Wave>): Wave => ({
  ...release.deployment.waves[index]!,
  outcome: 'succeeded',
  ...change,
});
const during = (from: number): Pick<Wave, 'startedAt' | 'finishedAt'> => ({
  startedAt: at(from),
  finishedAt: at(from + 9),
});

/** Every wave went well; brain and bus on mainpc had a gap, the others none. */
export function goodFleet(release = smallRelease()): FleetCutover {
  return {
    schema: 'rollout/fleet',
    version: 1,
    tag: TAG,
    startedAt: at(0),
    finishedAt: at(30),
    outcome: 'succeeded',
    waves: [0, 1, 2].map((index) => waveOf(release, index, during(index * 10))),
    hosts: [
      hostOf('mainpc', [moved('mainpc', 'brain', 0)], 0),
      hostOf('mainpc', [moved('mainpc', 'bus', 10)], 10),
      hostOf(
        'pc2',
        [moved('pc2', 'bus', 20), { ...moved('pc2', 'eyes', 20), outcome: 'unchanged', reason: 'runs already' }],
        20,
      ),
    ],
    returned: [],
    probes: [
      probeOf('mainpc', 'brain', GAP),
      probeOf('mainpc', 'bus', GAP),
      probeOf('pc2', 'bus'),
      probeOf('pc2', 'eyes', { requests: 799 }),
    ],
  };
}

/** The canary turned unhealthy; nothing else was touched. */
export function canaryFailed(release = smallRelease()): FleetCutover {
  const skipped: Partial<Wave> = { outcome: 'skipped', reason: 'wave canary-mainpc failed before' };
  const reason = 'brain rolled-back: no good answer within 60 s';
  return {
    ...goodFleet(release),
    outcome: 'rolled-back',
    waves: [
      waveOf(release, 0, { ...during(0), outcome: 'rolled-back', reason }),
      waveOf(release, 1, skipped),
      waveOf(release, 2, skipped),
    ],
    hosts: [hostOf('mainpc', [rolledBack('mainpc', 'brain', 0)], 0, 'rolled-back')],
  };
}

/** The second machine failed; mainpc was returned. */
export function batchFailed(release = smallRelease()): FleetCutover {
  const good = goodFleet(release);
  const back = { ...during(10), reason: 'later returned to the former release' };
  const reason = 'eyes rolled-back: no good answer within 60 s';
  const returned = (service: string): ServiceCutover => ({ ...rolledBack('mainpc', service, 30), reason: 'returned' });
  return {
    ...good,
    outcome: 'rolled-back',
    waves: [
      waveOf(release, 0, { ...back, ...during(0) }),
      waveOf(release, 1, back),
      waveOf(release, 2, { ...during(20), outcome: 'rolled-back', reason }),
    ],
    hosts: [...good.hosts.slice(0, 2), hostOf('pc2', [rolledBack('pc2', 'eyes', 20)], 20, 'rolled-back')],
    returned: [hostOf('mainpc', [returned('bus'), returned('brain')], 30, 'rolled-back')],
  };
}
