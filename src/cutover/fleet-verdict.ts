// What the fleet makes of a host's end: believed only where the host's report covers every service it was given.
import type { HostCutover, ServiceOutcome, ServiceState } from '../documents/cutover.ts';
import type { Wave } from '../documents/fleet.ts';
import type { HostEnd } from './fleet-child.ts';
import type { WaveEnd } from './fleet-machine.ts';

export interface WaveVerdict {
  readonly outcome: WaveEnd;
  readonly reason: string | undefined;
  /** Services that run the new release. */
  readonly moved: readonly string[];
  /** Services whose state nobody can tell. */
  readonly uncertain: readonly string[];
}

/** Before these states end, or after them, nothing of the service has been changed. */
const UNTOUCHED: readonly ServiceState[] = ['Pending', 'Preflight', 'Failed', 'RolledBack'];
const ARRIVED: readonly ServiceOutcome[] = ['succeeded', 'unchanged'];
const BACK: readonly ServiceOutcome[] = ['succeeded', 'unchanged', 'rolled-back'];

export function waveEndOf(wave: Wave, end: HostEnd): WaveVerdict {
  return end.kind === 'reported' ? ofReport(wave, end.report) : ofSilence(wave, end.reason, end.states);
}

/** Whether every one of these services runs its former release again. */
export function returnedAll(services: readonly string[], end: HostEnd): boolean {
  if (end.kind === 'silent') return false;
  const { outcome } = end.report;
  if (outcome !== 'succeeded' && outcome !== 'rolled-back') return false;
  return services.every((service) => isOneOf(BACK, outcomeOf(end.report, service)));
}

function ofReport(wave: Wave, report: HostCutover): WaveVerdict {
  const moved = wave.services.filter((service) => outcomeOf(report, service) === 'succeeded');
  const reason = report.outcome === 'succeeded' ? undefined : reasonOf(report);
  const missing = wave.services.filter((service) => !isOneOf(ARRIVED, outcomeOf(report, service)));
  if (report.outcome !== 'succeeded' || missing.length === 0) {
    return { outcome: report.outcome, reason, moved, uncertain: [] };
  }
  const told = missing.map((service) => `${service} ${outcomeOf(report, service) ?? 'is not in it'}`).join(', ');
  return { outcome: 'failed', reason: `the host's report says succeeded, but: ${told}`, moved, uncertain: [] };
}

function ofSilence(wave: Wave, reason: string, states: ReadonlyMap<string, ServiceState>): WaveVerdict {
  const moved = wave.services.filter((service) => states.get(service) === 'Succeeded');
  const uncertain = wave.services.filter((service) => {
    const state = states.get(service);
    return state !== undefined && state !== 'Succeeded' && !UNTOUCHED.includes(state);
  });
  const unknown = uncertain.length === 0 ? '' : `; what runs there is not known for ${uncertain.join(', ')}`;
  return { outcome: 'failed', reason: `${reason}${unknown}`, moved, uncertain };
}

function reasonOf(report: HostCutover): string {
  const services = report.services.filter(({ outcome }) => !isOneOf(ARRIVED, outcome) && outcome !== 'skipped');
  const checks = report.preflight.filter(({ verdict }) => verdict === 'fail');
  const told = [
    ...services.map(({ service, outcome, reason }) => `${service} ${outcome}: ${reason}`),
    ...checks.map(({ rule, where, message }) => `${rule} ${where}: ${message}`),
  ];
  return told.length === 0 ? `the host's report says ${report.outcome} and no more` : told.join('; ');
}

function outcomeOf(report: HostCutover, service: string): ServiceOutcome | undefined {
  return report.services.find((one) => one.service === service)?.outcome;
}

function isOneOf(outcomes: readonly ServiceOutcome[], outcome: ServiceOutcome | undefined): boolean {
  return outcome !== undefined && outcomes.includes(outcome);
}
