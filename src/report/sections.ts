// The parts of the Markdown summary: each is a title, and lines of text, table or folded detail.
import type { FleetCutover, ProbeReport, ServiceCutover } from '../documents/cutover.ts';
import type { ChecklistItem, Evidence } from '../documents/evidence.ts';
import type { ReleaseImage } from '../documents/release.ts';
import { downtimeOf } from './downtime.ts';
import { inline, preformatted } from './escape.ts';
import { clockTime, count, millisecondsBetween, shortDigest, showBytes, showDuration, showNumber } from './figures.ts';
import { gantt } from './timeline.ts';

export type Section = readonly string[];

export const MARKS: Readonly<Record<ChecklistItem['verdict'], string>> = {
  yes: '✅',
  no: '❌',
  unknown: '❔',
  'not-applicable': '➖',
};

const NONE = '–';

export function headline(evidence: Evidence): Section {
  const { fleet, tag } = evidence;
  const machines = [...new Set(fleet?.hosts.map(({ machine }) => machine) ?? [])];
  const took = fleet === undefined ? '' : `, ${showDuration(millisecondsBetween(fleet.startedAt, fleet.finishedAt))}`;
  const where = machines.length === 0 ? '' : ` on ${inline(machines.join(', '))}`;
  return [
    `## ${verdictOf(evidence)}: release ${inline(tag)}`,
    '',
    `Revision ${inline(evidence.revision.slice(0, 12))}${where}${took}, reported ${evidence.createdAt}.`,
  ];
}

/** The whole in a word or two, for the headline. */
function verdictOf({ fleet, checklist }: Evidence): string {
  switch (fleet?.outcome) {
    case 'rolled-back':
      return '↩️ Rolled back, the earlier version serves';
    case 'degraded':
      return '🛑 Degraded, a human is needed';
    case 'aborted':
      return '⏹️ Aborted';
    case 'failed':
      return '❌ Failed';
    case 'succeeded':
    case undefined:
      break;
  }
  const verdicts = checklist.map(({ verdict }) => verdict);
  if (verdicts.includes('no')) return '❌ Not accepted';
  return verdicts.includes('unknown') ? '❔ Not complete' : '✅ Rolled out';
}

export function checklistSection({ checklist }: Evidence): Section {
  const rows = checklist.map(({ verdict, title, because }) => {
    return [`${MARKS[verdict]} ${verdict}`, inline(title), because.map(inline).join('<br>')];
  });
  return ['### Acceptance', '', ...table(['Verdict', 'Question', 'Because'], rows)];
}

export function imagesSection({ release, verification }: Evidence): Section {
  if (release === undefined) return [];
  const rows = release.images.map((image) => imageRow(image, verification));
  const header = ['Image', 'Digest', 'Size', 'Built in', 'Registry', 'Tag'];
  return ['### Images', '', ...table(header, rows)];
}

function imageRow(image: ReleaseImage, verification: Evidence['verification']): readonly string[] {
  const seen = verification?.images.find(({ target }) => target === image.name);
  const built = image.buildSeconds === undefined ? 'built' : showDuration(image.buildSeconds * 1_000);
  return [
    inline(image.name),
    `\`${shortDigest(image.digest)}\``,
    seen?.bytes === undefined ? NONE : showBytes(seen.bytes),
    image.origin === 'kept' ? 'kept' : built,
    seen?.verdict ?? 'not verified',
    inline(image.tag),
  ];
}

export function wavesSection({ fleet }: Evidence): Section {
  if (fleet === undefined) return [];
  const rows = fleet.waves.map(({ name, kind, machine, services, soakMs, outcome, startedAt, finishedAt, reason }) => [
    inline(machine),
    inline(name),
    kind,
    inline(services.join(', ')),
    startedAt === undefined ? NONE : clockTime(startedAt),
    startedAt === undefined || finishedAt === undefined
      ? NONE
      : showDuration(millisecondsBetween(startedAt, finishedAt)),
    soakMs === 0 ? NONE : showDuration(soakMs),
    `${outcome}${reason === undefined ? '' : `: ${inline(reason)}`}`,
  ]);
  const header = ['Machine', 'Wave', 'Kind', 'Services', 'Began (UTC)', 'Took', 'Soak', 'Outcome'];
  const chart = gantt(fleet);
  const drawn = chart === undefined ? [] : ['', '```mermaid', ...chart.split('\n'), '```'];
  return ['### Timeline', '', ...table(header, rows), ...drawn];
}

export function servicesSection({ fleet }: Evidence): Section {
  if (fleet === undefined || fleet.hosts.length === 0) return [];
  const moves = fleet.hosts.flatMap(({ services }) => services.map((one) => serviceRow(one, fleet)));
  const returns = fleet.returned.flatMap(({ services }) => services.map((one) => serviceRow(one, fleet, 'return: ')));
  const header = [
    'Service',
    'Machine',
    'From → to',
    'Strategy',
    'Gap on the host',
    'Asked from outside',
    'Gate',
    'Outcome',
  ];
  return ['### Services', '', ...table(header, [...moves, ...returns])];
}

function serviceRow(seen: ServiceCutover, { probes }: FleetCutover, prefix = ''): readonly string[] {
  const probe = probes.find(({ service, machine }) => service === seen.service && machine === seen.machine);
  const { gate, from, to } = seen;
  return [
    inline(seen.service),
    inline(seen.machine),
    to === undefined ? digestCell(from) : `${digestCell(from)} → ${digestCell(to)}`,
    inline(seen.strategy),
    gapCell(seen),
    probe === undefined ? 'not measured' : probeCell(probe),
    gate === undefined ? NONE : `${gate.verdict}, ${count(gate.attempts, 'attempt')}`,
    `${prefix}${seen.outcome}${seen.outcome === 'succeeded' ? '' : `: ${inline(seen.reason)}`}`,
  ];
}

function digestCell(running: ServiceCutover['from']): string {
  return running?.digest === undefined ? NONE : `\`${shortDigest(running.digest)}\``;
}

function gapCell({ gap }: ServiceCutover): string {
  if (gap === undefined) return NONE;
  const parts = [gap.stopMs, gap.startMs, gap.readyMs].map(showDuration);
  return `${showDuration(gap.totalMs)} (stop ${parts[0] ?? ''}, start ${parts[1] ?? ''}, ready ${parts[2] ?? ''})`;
}

function probeCell(probe: ProbeReport): string {
  const downtime = downtimeOf(probe);
  if (downtime === 'unmeasured') return `never answered (${count(probe.requests, 'request')})`;
  const failed = `${showNumber(probe.failed)} of ${showNumber(probe.requests)} failed`;
  const gap = probe.failed === 0 ? '' : `, longest gap ${showDuration(probe.longestGapMs)}`;
  const place = probe.vantage === 'outside' ? '' : `, from ${inline(probe.vantage)}`;
  const before = probe.before === undefined ? '' : ', was down before';
  return `${failed}${gap}${downtime === 'ongoing' ? ', down at the end' : ''}${before}${place}`;
}

/** What went wrong, with the last `logLines` lines of each failed container. */
export function failuresSection({ fleet }: Evidence, logLines: number): Section {
  const hosts = [...(fleet?.hosts ?? []), ...(fleet?.returned ?? [])];
  const checks = hosts.flatMap(({ machine, preflight }) =>
    preflight
      .filter(({ verdict }) => verdict === 'fail')
      .map(({ rule, where, message, cure }) => {
        const cured = cure === undefined ? '' : ` Cure: ${inline(cure)}`;
        return `- ${inline(`${machine}, ${rule}, ${where}: ${message}`)}${cured}`;
      }),
  );
  const moves = (fleet?.hosts ?? []).flatMap(({ services }) => services.filter(({ outcome }) => isBad(outcome)));
  // A return that returned is what was wanted.
  const returns = (fleet?.returned ?? []).flatMap(({ services }) => services.filter(({ outcome }) => isStuck(outcome)));
  const failed = [...moves, ...returns];
  if (checks.length === 0 && failed.length === 0) return [];
  const blocks = [...(checks.length === 0 ? [] : [checks]), ...failed.map((seen) => failureOf(seen, logLines))];
  return ['### What went wrong', ...blocks.flatMap((block) => ['', ...block])];
}

function isBad(outcome: ServiceCutover['outcome']): boolean {
  return outcome === 'rolled-back' || isStuck(outcome);
}

function isStuck(outcome: ServiceCutover['outcome']): boolean {
  return outcome === 'failed' || outcome === 'degraded';
}

function failureOf(seen: ServiceCutover, logLines: number): Section {
  const { evidence, gate, to } = seen;
  const facts = [
    ...(to === undefined ? [] : [`container ${to.name} of ${to.image}`]),
    ...(evidence?.exitCode === undefined ? [] : [`exit code ${evidence.exitCode}`]),
    ...(evidence?.outOfMemory === true ? ['out of memory'] : []),
    ...(evidence?.restarts === undefined ? [] : [count(evidence.restarts, 'restart')]),
    ...(gate === undefined ? [] : [`gate ${gate.verdict}: ${gate.reason}`]),
    ...(gate?.lastStatus === undefined ? [] : [`last answer ${gate.lastStatus} ${gate.lastBody ?? ''}`]),
  ];
  const title = `**${inline(`${seen.service} on ${seen.machine}`)}** ${seen.outcome}: ${inline(seen.reason)}`;
  const told = facts.map((fact) => `- ${inline(fact)}`);
  return [
    title,
    '',
    ...told,
    ...folded('events', evidence?.events ?? [], logLines),
    ...folded('log', evidence?.log ?? [], logLines),
  ];
}

function folded(name: string, lines: readonly string[], most: number): Section {
  const shown = lines.slice(Math.max(0, lines.length - most));
  if (shown.length === 0) return [];
  const rest = shown.length === lines.length ? '' : ` of ${showNumber(lines.length)}`;
  const title = `<summary>${name}, the last ${count(shown.length, 'line')}${rest}</summary>`;
  return ['', '<details>', title, '', preformatted(shown), '', '</details>'];
}

export function findingsSection({ findings }: Evidence): Section {
  if (findings === undefined || findings.findings.length === 0) return [];
  const rows = findings.findings.map(({ rule, severity, file, line, message, cure }) => {
    return [severity, inline(rule), inline(`${file}:${line}`), inline(message), inline(cure)];
  });
  return ['### Findings', '', ...table(['Severity', 'Rule', 'Where', 'What', 'Cure'], rows)];
}

/** Cells are Markdown already: whoever makes them escapes what came from outside. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): Section {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}
