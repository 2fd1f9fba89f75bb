// The acceptance checklist: three questions, each answered from the documents with the figures that carry the answer.
import { isDeepStrictEqual } from 'node:util';
import type { FleetCutover, HostCutover, ProbeReport, ServiceCutover } from '../documents/cutover.ts';
import type { ChecklistItem } from '../documents/evidence.ts';
import type { Deployment, Placement } from '../documents/fleet.ts';
import type { Release, ReleaseImage } from '../documents/release.ts';
import type { Publication, Verification } from '../documents/verification.ts';
import { deploymentOf, type Documents } from './documents.ts';
import { downtimeOf, tellClean, tellDowntime } from './downtime.ts';
import { count, shortDigest, showBytes, showDuration } from './figures.ts';

type Verdict = ChecklistItem['verdict'];
type Answer = Pick<ChecklistItem, 'verdict' | 'because'>;
type FleetWave = FleetCutover['waves'][number];

/** One thing looked at: what it says of the whole, and the sentence for it. */
interface Point {
  readonly verdict: Verdict;
  readonly said: string;
}

const SUPERVISOR_EVENTS_TOLD = 20;
/** A gate keeps so many characters of a body: a longer one can't be compared again. */
const BODY_KEPT = 1_000;

export function checklist(documents: Documents): readonly ChecklistItem[] {
  return [
    { id: 'images-pushed', title: 'Images pushed', ...imagesPushed(documents) },
    {
      id: 'canary-validated',
      title: 'Canary validated: health 200 and JSON, supervisor behaviour',
      ...canaryValidated(documents),
    },
    { id: 'batch-completed', title: 'Batch completed, downtime measured', ...batchCompleted(documents) },
  ];
}

function imagesPushed({ release, verification, publication }: Documents): Answer {
  const missing = Object.entries({ release, verification, publication }).filter(([, one]) => one === undefined);
  const absent = missing.map(([name]): Point => ({ verdict: 'unknown', said: `there is no ${name} document` }));
  if (release === undefined) return answer(absent);
  const held = verification === undefined ? [] : pointsOfHolding(release, verification);
  const tagged = publication === undefined ? [] : pointsOfTags(release, publication);
  return answer([...sumOf(release, verification), ...held, ...tagged, ...absent]);
}

/** How many, and how large: said first, whatever the verdict. */
function sumOf(release: Release, verification: Verification | undefined): readonly Point[] {
  const built = release.images.filter(({ origin }) => origin === 'built').length;
  const kept = release.images.length - built;
  // Images share layers; what the registry stores is less than the sum.
  const bytes = (verification?.images ?? []).reduce((sum, image) => sum + (image.bytes ?? 0), 0);
  const size = bytes === 0 ? '' : `, ${showBytes(bytes)} of compressed layers`;
  return [{ verdict: 'yes', said: `${count(release.images.length, 'image')}: ${built} built, ${kept} kept${size}` }];
}

function pointsOfHolding(release: Release, verification: Verification): readonly Point[] {
  const bad = release.images.flatMap((image): readonly Point[] => {
    const seen = verification.images.find(({ target, digest }) => target === image.name && digest === image.digest);
    if (seen === undefined) return [{ verdict: 'unknown', said: `${image.name} was not verified` }];
    if (seen.verdict === 'present') return [];
    const verdict = seen.verdict === 'unknown' || seen.verdict === 'auth' ? 'unknown' : 'no';
    return [{ verdict, said: `${image.name} is ${seen.verdict}: ${seen.message}` }];
  });
  return bad.length > 0 ? bad : [{ verdict: 'yes', said: 'the registry holds every image by its digest' }];
}

function pointsOfTags(release: Release, publication: Publication): readonly Point[] {
  const bad = release.images.flatMap((image) => pointsOfTag(image, publication));
  const put = publication.tags.filter(({ result }) => result === 'put').length;
  const already = publication.tags.length - put;
  const told = `every image has its tag: ${put} put${already === 0 ? '' : `, ${already} there already`}`;
  return bad.length > 0 ? bad : [{ verdict: 'yes', said: told }];
}

function pointsOfTag(image: ReleaseImage, publication: Publication): readonly Point[] {
  const reference = `${image.repository}:${image.tag}`;
  const tag = publication.tags.find((one) => one.reference === reference);
  if (tag === undefined) return [{ verdict: 'no', said: `${reference} was not put` }];
  if (tag.result === 'failed') return [{ verdict: 'no', said: `${reference}: ${tag.message ?? 'could not be put'}` }];
  if (tag.digest === image.digest) return [];
  return [{ verdict: 'no', said: `${reference} stands for ${tag.digest}, not ${image.digest}` }];
}

function canaryValidated(documents: Documents): Answer {
  const { fleet } = documents;
  const deployment = deploymentOf(documents);
  const waves = (fleet?.waves ?? deployment?.waves ?? []).filter(isCanary);
  if (waves.length === 0 && (fleet ?? deployment) !== undefined) {
    return { verdict: 'not-applicable', because: ['this rollout has no canary'] };
  }
  if (fleet === undefined) return { verdict: 'unknown', because: ['there is no cutover document'] };
  const points = fleet.waves.filter(isCanary).flatMap((wave) => pointsOfCanary(wave, fleet, deployment));
  return answer([...points, ...supervisorPoints(fleet, deployment)]);
}

function pointsOfCanary(wave: FleetWave, fleet: FleetCutover, deployment: Deployment | undefined): readonly Point[] {
  if (wave.outcome !== 'succeeded') return [ofEndedWave(wave), ...whatServes(fleet, wave)];
  const services = wave.services.map((service) => {
    const placement = deployment?.placements.find((one) => one.service === service && one.machine === wave.machine);
    return pointOfGate(`${service} on ${wave.machine}`, serviceIn(fleet.hosts, wave, service), placement);
  });
  const soak = `wave ${wave.name} was watched for ${showDuration(wave.soakMs)} more and stayed healthy`;
  const later = wave.reason === undefined ? [] : [yes(`wave ${wave.name}: ${wave.reason}`)];
  return [...services, ...(wave.soakMs === 0 ? [] : [yes(soak)]), ...later];
}

/** The gate's figures are looked at again: a wave that says succeeded over a wrong answer is no proof. */
function pointOfGate(name: string, seen: ServiceCutover | undefined, placement: Placement | undefined): Point {
  if (seen === undefined) return { verdict: 'unknown', said: `${name} is in no host's report` };
  if (seen.outcome === 'unchanged') return yes(`${name} ran this image and configuration already: ${seen.reason}`);
  const { gate } = seen;
  if (gate === undefined) return { verdict: 'unknown', said: `${name} has no health gate in its report` };
  if (gate.verdict !== 'healthy') return no(`${name} was ${gate.verdict}: ${gate.reason}`);
  const first =
    gate.firstHealthyMs === undefined ? '' : `, first good answer after ${showDuration(gate.firstHealthyMs)}`;
  const effort = `${count(gate.attempts, 'attempt')}${first}`;
  if (gate.lastStatus === undefined) return withoutHttp(`${name}: ${gate.reason}, ${effort}`, placement);
  const body = exactBody(gate.lastBody, placement);
  if (gate.lastStatus !== 200) return no(`${name} answered ${gate.lastStatus}, not 200`);
  if (body === undefined) return no(`${name} answered 200 with ${gate.lastBody ?? 'no body'}, not the JSON expected`);
  return yes(`${name}: health 200 and ${body}, ${effort}`);
}

function withoutHttp(said: string, placement: Placement | undefined): Point {
  if (placement?.health.port === undefined) return yes(`${said}; it has no HTTP health`);
  return { verdict: 'unknown', said: `${said}; no HTTP status is in its report` };
}

/** How the body compares, or undefined when it is another one. */
function exactBody(body: string | undefined, placement: Placement | undefined): string | undefined {
  if (placement === undefined || body === undefined || body.length >= BODY_KEPT) return 'the JSON its gate expects';
  const expected = placement.health.exactly;
  return isDeepStrictEqual(parsed(body), expected) ? `exactly ${JSON.stringify(expected)}` : undefined;
}

/** What the supervisors of the canary's machines did while it was moved and watched. */
function supervisorPoints(fleet: FleetCutover, deployment: Deployment | undefined): readonly Point[] {
  const waves = fleet.waves.filter(isCanary);
  const hosts = fleet.hosts.filter((host) => waves.some((wave) => isReportOf(host, wave)));
  const events = hosts.flatMap(({ machine, supervisors }) =>
    supervisors.map(({ container, event }) => `${container} on ${machine}: ${event}`),
  );
  const names = deployment?.supervisors.map(({ container }) => container) ?? [];
  if (events.length === 0 && names.length > 0 && hosts.length > 0) {
    return [yes(`no supervisor (${names.join(', ')}) touched a container`)];
  }
  const told = [...Map.groupBy(events, (event) => event)].map(([event, times]) => {
    return times.length === 1 ? event : `${event} (${times.length} times)`;
  });
  const more = told.length - SUPERVISOR_EVENTS_TOLD;
  const rest = more > 0 ? [`${count(more, 'more event')} of supervisors`] : [];
  return [...told.slice(0, SUPERVISOR_EVENTS_TOLD), ...rest].map(yes);
}

function batchCompleted({ fleet }: Documents): Answer {
  if (fleet === undefined) return { verdict: 'unknown', because: ['there is no cutover document'] };
  const waves = fleet.waves.filter(({ services }) => services.length > 0);
  const ended = waves.filter(({ outcome }) => outcome !== 'succeeded');
  const good = waves.length - ended.length;
  const moved = `${good} of ${count(waves.length, 'wave')} succeeded`;
  // A rollout that was taken back is not completed, whatever each of its waves once was.
  const sum: Point = fleet.outcome === 'succeeded' ? yes(moved) : no(`${moved}; the rollout ended ${fleet.outcome}`);
  const serving = ended.flatMap((wave) => whatServes(fleet, wave));
  const returned = fleet.returned.flatMap((host) => host.services.map((one) => pointOfReturn(one)));
  return answer([sum, ...ended.map(ofEndedWave), ...serving, ...returned, ...downtimePoints(fleet)]);
}

function downtimePoints({ probes }: FleetCutover): readonly Point[] {
  if (probes.length === 0) return [yes('downtime was not measured')];
  const clean = probes.filter((probe) => downtimeOf(probe) === 'none' && probe.before === undefined);
  const others = probes.filter((probe) => !clean.includes(probe)).map(pointOfProbe);
  return [...tellClean(clean).map(yes), ...others];
}

function pointOfProbe(probe: ProbeReport): Point {
  return downtimeOf(probe) === 'ongoing' ? no(tellDowntime(probe)) : yes(tellDowntime(probe));
}

function ofEndedWave(wave: FleetWave): Point {
  return no(`wave ${wave.name} ended ${wave.outcome}${wave.reason === undefined ? '' : `: ${wave.reason}`}`);
}

/** After a failure: which earlier version serves, as the host proved it before it said rolled-back. */
function whatServes(fleet: FleetCutover, wave: FleetWave): readonly Point[] {
  return wave.services.flatMap((service) => {
    const seen = serviceIn(fleet.hosts, wave, service);
    if (seen === undefined) return [];
    const name = `${service} on ${wave.machine}`;
    if (seen.outcome === 'rolled-back') return [no(`${name}: the earlier version serves${versionOf(seen.from)}`)];
    return seen.outcome === 'degraded' ? [no(`${name} needs a human: ${seen.reason}`)] : [];
  });
}

function pointOfReturn(seen: ServiceCutover): Point {
  const name = `${seen.service} on ${seen.machine}`;
  const back = seen.outcome === 'succeeded' || seen.outcome === 'rolled-back' || seen.outcome === 'unchanged';
  if (back) return no(`${name} was returned: the earlier version serves${versionOf(seen.to)}`);
  return no(`${name} could not be returned: ${seen.reason}`);
}

function versionOf(running: ServiceCutover['to']): string {
  return running?.digest === undefined ? '' : ` (${shortDigest(running.digest)})`;
}

function serviceIn(hosts: readonly HostCutover[], wave: FleetWave, service: string): ServiceCutover | undefined {
  const seen = hosts.filter((host) => isReportOf(host, wave)).flatMap(({ services }) => services);
  return seen.find((one) => one.service === service);
}

/** A machine has one report per wave: the one that speaks of this wave's services. */
function isReportOf({ machine, services }: HostCutover, wave: FleetWave): boolean {
  return machine === wave.machine && services.some(({ service }) => wave.services.includes(service));
}

function isCanary({ kind, services }: Pick<FleetWave, 'kind' | 'services'>): boolean {
  return kind === 'canary' && services.length > 0;
}

/** no outweighs unknown, unknown outweighs yes. */
function answer(points: readonly Point[]): Answer {
  const verdicts = points.map(({ verdict }) => verdict);
  const verdict = verdicts.includes('no') ? 'no' : verdicts.includes('unknown') ? 'unknown' : 'yes';
  return { verdict, because: points.map(({ said }) => said) };
}

function yes(said: string): Point {
  return { verdict: 'yes', said };
}

function no(said: string): Point {
  return { verdict: 'no', said };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
