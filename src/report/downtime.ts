// What the prober's figures say in words: downtime is a measurement with its vantage and resolution, or it is not claimed.
import type { ProbeReport } from '../documents/cutover.ts';
import { count, showDuration, showNumber } from './figures.ts';

export type Downtime = 'none' | 'some' | 'unmeasured' | 'ongoing';

/** A prober that was held up this much longer than its period could have missed a gap, and says so. */
const SLOW = 2;

/** `unmeasured`: it never answered, so nothing can be said of a gap. `ongoing`: it answered, and not at the end. */
export function downtimeOf(probe: ProbeReport): Downtime {
  const bad = probe.failed + (probe.before?.failed ?? 0);
  if (probe.requests === bad) return 'unmeasured';
  if (probe.stillFailing === true) return 'ongoing';
  return probe.failed === 0 ? 'none' : 'some';
}

export function tellDowntime(probe: ProbeReport): string {
  return `${probe.service} on ${probe.machine}: ${figures(probe)} (${circumstances(probe)})`;
}

/** One sentence per vantage for all that never failed. */
export function tellClean(probes: readonly ProbeReport[]): readonly string[] {
  const vantages = [...new Set(probes.map(({ vantage }) => vantage))];
  return vantages.flatMap((vantage) => {
    const there = probes.filter((probe) => probe.vantage === vantage);
    const slowest = there.toSorted((a, b) => (b.resolutionMs ?? 0) - (a.resolutionMs ?? 0))[0];
    if (slowest === undefined) return [];
    const named = there.map(
      ({ service, machine, requests }) => `${service} on ${machine} 0 of ${showNumber(requests)}`,
    );
    return [`without downtime, failed requests as measured: ${named.join(', ')} (${circumstances(slowest)})`];
  });
}

function figures(probe: ProbeReport): string {
  const before = probe.before === undefined ? '' : `; down before: ${tellFailures(probe.before.failures)}`;
  const asked = count(probe.requests, 'request');
  const failures = `${showNumber(probe.failed)} of ${asked} failed`;
  const detail = `${failures} (${tellFailures(probe.failures)}), longest gap ${showDuration(probe.longestGapMs)}`;
  switch (downtimeOf(probe)) {
    case 'unmeasured':
      return probe.requests === 0 ? 'was never asked' : `never answered in ${asked}${before}`;
    case 'none':
      return `${failures}${before}`;
    case 'some':
      return `${detail}, ${showDuration(probe.totalGapMs)} in all${before}`;
    case 'ongoing':
      return `does not answer at the end: ${detail} and longer${before}`;
  }
}

function circumstances({ vantage, periodMs, resolutionMs = 0 }: ProbeReport): string {
  const slow = resolutionMs > SLOW * periodMs ? `, once only after ${showDuration(resolutionMs)}` : '';
  return `asked from ${vantage === 'host' ? 'the host itself' : vantage} every ${showDuration(periodMs)}${slow}`;
}

function tellFailures(failures: Readonly<Record<string, number>>): string {
  return Object.entries(failures)
    .map(([name, n]) => `${name} ${showNumber(n)}`)
    .join(', ');
}
