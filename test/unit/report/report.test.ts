// The evidence of a rollout: what is answered with yes, with no, and what stays unknown.
import { describe, expect, it } from 'vitest';
import type { FleetCutover, ProbeReport, ServiceCutover } from '../../../src/documents/cutover.ts';
import { evidenceSchema, type ChecklistItem } from '../../../src/documents/evidence.ts';
import type { Release } from '../../../src/documents/release.ts';
import { report, reportExitCode, type ReportRequest } from '../../../src/report/report.ts';
import { renderText } from '../../../src/report/text.ts';
import { placement, smallRelease, TAG } from '../../fakes/fleet-release.ts';
import {
  at,
  batchFailed,
  canaryFailed,
  findings,
  goodFleet,
  hostOf,
  moved,
  probeOf,
  publicationOf,
  verificationOf,
} from '../../fakes/rollout-documents.ts';

const release = smallRelease();
const ALL: ReportRequest = {
  createdAt: at(60),
  findings,
  release,
  verification: verificationOf(release),
  publication: publicationOf(release),
  fleet: goodFleet(),
};
const itemOf = (id: string, change: Partial<ReportRequest> = {}): ChecklistItem =>
  report({ ...ALL, ...change }).evidence.checklist.find((item) => item.id === id)!;
const codeOf = (change: Partial<ReportRequest>): number => reportExitCode(report({ ...ALL, ...change }).evidence);
const withProbe = (change: Partial<ProbeReport>): FleetCutover => ({
  ...goodFleet(),
  probes: [probeOf('mainpc', 'brain', change)],
});
const withBrain = (change: Partial<ServiceCutover>): FleetCutover => {
  const fleet = goodFleet();
  const brain = { ...moved('mainpc', 'brain', 0), ...change };
  return { ...fleet, hosts: [hostOf('mainpc', [brain], 0), ...fleet.hosts.slice(1)] };
};
const gateWith = (change: object): FleetCutover =>
  withBrain({ gate: { ...moved('mainpc', 'brain', 0).gate!, ...change } });

describe('a rollout that went well', () => {
  it('is evidence as its schema has it, with every document in it', () => {
    const { evidence } = report(ALL);
    expect(evidenceSchema.parse(JSON.parse(JSON.stringify(evidence)))).toEqual(evidence);
    expect(evidence).toMatchObject({ tag: TAG, revision: release.revision, fleet: { outcome: 'succeeded' } });
  });
  it('answers everything with yes and exits with 0', () => {
    expect(report(ALL).evidence.checklist.map(({ verdict }) => verdict)).toEqual(['yes', 'yes', 'yes']);
    expect(codeOf({})).toBe(0);
  });
});

describe('images pushed', () => {
  it('counts images and bytes', () => {
    expect(itemOf('images-pushed').because[0]).toBe('4 images: 3 built, 1 kept, 291.6 MB of compressed layers');
  });
  it.each(['verification', 'publication', 'release'] as const)('is unknown without the %s', (name) => {
    const item = itemOf('images-pushed', { [name]: undefined });
    expect(item.verdict).toBe('unknown');
    expect(item.because).toContain(`there is no ${name} document`);
    expect(codeOf({ [name]: undefined })).toBe(3);
  });
  it.each([
    ['absent', 'no'],
    ['moved', 'no'],
    ['wrong', 'no'],
    ['auth', 'unknown'],
    ['unknown', 'unknown'],
  ] as const)('with an image that is %s is %s', (verdict, answer) => {
    const good = verificationOf(release);
    const images = good.images.map((image, n) => (n === 1 ? { ...image, verdict, message: 'said why' } : image));
    const item = itemOf('images-pushed', { verification: { ...good, verdict, images } });
    expect(item.verdict).toBe(answer);
    expect(item.because).toContain(`brain-mainpc is ${verdict}: said why`);
  });
  it('is unknown when the verification looked at another digest', () => {
    const good = verificationOf(release);
    const images = good.images.map((image, n) => (n === 1 ? { ...image, digest: release.images[0]!.digest } : image));
    expect(itemOf('images-pushed', { verification: { ...good, images } })).toMatchObject({
      verdict: 'unknown',
      because: expect.arrayContaining(['brain-mainpc was not verified']),
    });
  });
  it('is no when a tag is missing, failed, or stands for another image', () => {
    const good = publicationOf(release);
    const [first, ...rest] = good.tags;
    const said = (tags: typeof good.tags): ChecklistItem => itemOf('images-pushed', { publication: { ...good, tags } });
    expect(said(rest)).toMatchObject({
      verdict: 'no',
      because: expect.arrayContaining([`${first!.reference} was not put`]),
    });
    expect(said([{ ...first!, result: 'failed', message: '403' }, ...rest]).because).toContain(
      `${first!.reference}: 403`,
    );
    expect(said([{ ...first!, digest: release.images[1]!.digest }, ...rest]).verdict).toBe('no');
  });
});

describe('canary validated', () => {
  it('carries the answer, the effort, the soak and what the supervisor did', () => {
    expect(itemOf('canary-validated').because).toEqual([
      'brain on mainpc: health 200 and exactly {"status":"ok"}, 14 attempts, first good answer after 1.2 s',
      'wave canary-mainpc was watched for 3 s more and stayed healthy',
      'healer on mainpc: stopped for the cutover, and started after it',
    ]);
  });
  it('says when no supervisor did anything', () => {
    const fleet = goodFleet();
    const quiet = { ...fleet, hosts: fleet.hosts.map((host) => ({ ...host, supervisors: [] })) };
    expect(itemOf('canary-validated', { fleet: quiet }).because).toContain(
      'no supervisor (healer) touched a container',
    );
  });
  it('says once what a supervisor did again and again', () => {
    const fleet = goodFleet();
    const again = Array.from({ length: 3 }, () => ({ container: 'healer', at: at(1), event: 'restarted brain' }));
    const busy = { ...fleet, hosts: fleet.hosts.map((host) => ({ ...host, supervisors: again })) };
    const { because } = itemOf('canary-validated', { fleet: busy });
    expect(because.at(-1)).toBe('healer on mainpc: restarted brain (3 times)');
  });
  it.each<[string, FleetCutover, ChecklistItem['verdict']]>([
    ['a wave that says succeeded over status 204', gateWith({ lastStatus: 204 }), 'no'],
    ['a wave that says succeeded over another body', gateWith({ lastBody: '{"status":"ok","x":1}' }), 'no'],
    ['a wave that says succeeded over a body that is no JSON', gateWith({ lastBody: 'ok' }), 'no'],
    ['a gate that was inconclusive', gateWith({ verdict: 'inconclusive' }), 'no'],
    ['a gate without an HTTP status', gateWith({ lastStatus: undefined }), 'unknown'],
    ['a report without a gate', withBrain({ gate: undefined }), 'unknown'],
    ['a wave without a report', { ...goodFleet(), hosts: goodFleet().hosts.slice(1) }, 'unknown'],
    ['a body too long to be kept whole', gateWith({ lastBody: `{"status":"ok"${' '.repeat(990)}` }), 'yes'],
    ['a canary that ran this already', withBrain({ outcome: 'unchanged', gate: undefined }), 'yes'],
  ])('of %s is answered rightly', (_fact, fleet, verdict) => {
    expect(itemOf('canary-validated', { fleet }).verdict).toBe(verdict);
  });
  it('does not ask for HTTP where a service has none', () => {
    const { port, ...health } = placement('mainpc', 'brain').health;
    expect(port).toBe(8080);
    const placements = [{ ...placement('mainpc', 'brain'), health }];
    const silent: Release = { ...release, deployment: { ...release.deployment, placements } };
    const item = itemOf('canary-validated', { release: silent, fleet: gateWith({ lastStatus: undefined }) });
    expect(item.verdict).toBe('yes');
    expect(item.because[0]).toContain('it has no HTTP health');
  });
  it('is no for a canary that was rolled back, and says that the earlier version serves', () => {
    expect(itemOf('canary-validated', { fleet: canaryFailed() })).toMatchObject({
      verdict: 'no',
      because: [
        'wave canary-mainpc ended rolled-back: brain rolled-back: no good answer within 60 s',
        `brain on mainpc: the earlier version serves (${'e'.repeat(12)})`,
        'healer on mainpc: stopped for the cutover, and started after it',
      ],
    });
  });
  it('stays yes when a later wave failed, and says that it was returned', () => {
    const item = itemOf('canary-validated', { fleet: batchFailed() });
    expect(item.verdict).toBe('yes');
    expect(item.because).toContain('wave canary-mainpc: later returned to the former release');
  });
  it('does not apply to a rollout without a canary', () => {
    const fleet = goodFleet();
    expect(itemOf('canary-validated', { fleet: { ...fleet, waves: fleet.waves.slice(1) } }).verdict).toBe(
      'not-applicable',
    );
  });
  it('is unknown without a cutover', () => {
    expect(itemOf('canary-validated', { fleet: undefined }).verdict).toBe('unknown');
  });
});

describe('batch completed', () => {
  const said = (change: Partial<ProbeReport>): string =>
    itemOf('batch-completed', { fleet: withProbe(change) }).because[1]!;

  it('says without downtime only of services of which no request failed', () => {
    expect(itemOf('batch-completed').because).toEqual([
      '3 of 3 waves succeeded',
      'without downtime, failed requests as measured: bus on pc2 0 of 812, eyes on pc2 0 of 799 (asked from outside every 50 ms)',
      'brain on mainpc: 18 of 812 requests failed (refused 17, reset 1), longest gap 946 ms, 946 ms in all (asked from outside every 50 ms)',
      'bus on mainpc: 18 of 812 requests failed (refused 17, reset 1), longest gap 946 ms, 946 ms in all (asked from outside every 50 ms)',
    ]);
  });
  it('says that nothing was measured when nothing was', () => {
    const because = itemOf('batch-completed', { fleet: { ...goodFleet(), probes: [] } }).because;
    expect(because).toEqual(['3 of 3 waves succeeded', 'downtime was not measured']);
  });
  it('never calls silence zero downtime', () => {
    const never = { requests: 812, before: { failed: 812, failures: { refused: 812 } }, stillFailing: true } as const;
    expect(said(never)).toMatch(/^brain on mainpc: never answered in 812 requests; down before: refused 812/);
    expect(said({ requests: 0 })).toMatch(/was never asked/);
  });
  it('says that a service was down before', () => {
    expect(said({ before: { failed: 12, failures: { refused: 12 } } })).toMatch(/0 of 812 .*; down before: refused 12/);
  });
  it('admits the resolution of a prober that was held up', () => {
    expect(said({ resolutionMs: 412 })).toContain('every 50 ms, once only after 412 ms');
  });
  it('says where the prober stood', () => {
    expect(said({ vantage: 'host' })).toContain('asked from the host itself');
  });
  it('is no when a service does not answer at the end', () => {
    const fleet = withProbe({ failed: 5, failures: { timeout: 5 }, longestGapMs: 2_500, stillFailing: true });
    expect(itemOf('batch-completed', { fleet }).verdict).toBe('no');
    expect(itemOf('batch-completed', { fleet }).because[1]).toMatch(/does not answer at the end: .*2.5 s and longer/);
  });
  it('is no for a machine that was left behind', () => {
    const fleet = goodFleet();
    const waves = fleet.waves.with(2, { ...fleet.waves[2]!, outcome: 'skipped', reason: 'pc2 is out of reach' });
    expect(itemOf('batch-completed', { fleet: { ...fleet, waves } })).toMatchObject({
      verdict: 'no',
      because: expect.arrayContaining(['wave batch-pc2 ended skipped: pc2 is out of reach']),
    });
  });
  it('says of a rollout taken back what serves', () => {
    expect(itemOf('batch-completed', { fleet: batchFailed() })).toMatchObject({
      verdict: 'no',
      because: expect.arrayContaining([
        '2 of 3 waves succeeded; the rollout ended rolled-back',
        `eyes on pc2: the earlier version serves (${'e'.repeat(12)})`,
        'brain on mainpc was returned: the earlier version serves',
      ]),
    });
  });
});

describe('the exit code', () => {
  it.each<[string, Partial<ReportRequest>, number]>([
    ['of a rolled-back rollout', { fleet: canaryFailed() }, 4],
    ['of a degraded one', { fleet: { ...batchFailed(), outcome: 'degraded' } }, 5],
    ['of an aborted one', { fleet: { ...batchFailed(), outcome: 'aborted' } }, 130],
    ['of a failed one', { fleet: { ...canaryFailed(), outcome: 'failed' } }, 1],
    ['of an answer that is no', { fleet: gateWith({ lastStatus: 500 }) }, 1],
    ['of an answer that is unknown', { fleet: undefined }, 3],
    ['of nothing at all', { release: undefined, verification: undefined, publication: undefined, fleet: undefined }, 3],
  ])('%s', (_fact, change, code) => {
    expect(codeOf(change)).toBe(code);
  });
});

it('refuses the documents of two rollouts, and names them', () => {
  const other = { ...goodFleet(), tag: '20261124-0000000' };
  expect(() => report({ ...ALL, fleet: other })).toThrow('of different rollouts');
});

it('shows the checklist in a terminal', () => {
  const shown = renderText(report({ ...ALL, fleet: canaryFailed() }).evidence, (style, text) => `<${style}>${text}`);
  expect(shown.split('\n').slice(0, 2)).toEqual([`<bold>release ${TAG}: rolled-back`, '<green>✓ Images pushed']);
  expect(shown).toContain('<red>✗ Canary validated');
  expect(shown).toContain('<dim>    brain on mainpc: the earlier version serves');
});
