// The rollout as a chart over time: one section per machine, one bar per service, the soak behind it.
import type { FleetCutover, HostCutover, ServiceCutover } from '../documents/cutover.ts';
import { chartLabel } from './escape.ts';

/** Browsers draw more only slowly, and people read less. */
const MOST_BARS = 80;

interface Bar {
  readonly label: string;
  /** Mermaid's tags: done is grey, active blue, crit red. */
  readonly tag: 'done' | 'active' | 'crit';
  readonly from: number;
  readonly to: number;
}

/** Mermaid source, or undefined when there is nothing to draw. */
export function gantt(fleet: FleetCutover): string | undefined {
  const machines = [...new Set(fleet.hosts.map(({ machine }) => machine))];
  const sections = machines.map((machine) => ({ machine, bars: barsOf(fleet, machine) }));
  const drawn = sections.reduce((sum, { bars }) => sum + bars.length, 0);
  if (drawn === 0 || drawn > MOST_BARS) return undefined;
  const lines = sections.flatMap(({ machine, bars }) => [`  section ${chartLabel(machine)}`, ...bars.map(lineOf)]);
  return ['gantt', '  dateFormat x', '  axisFormat %H:%M:%S', ...lines].join('\n');
}

function barsOf({ hosts, returned }: FleetCutover, machine: string): readonly Bar[] {
  const here = (host: HostCutover): boolean => host.machine === machine;
  const moves = hosts.filter(here).flatMap((host, index) => host.services.flatMap((one) => bars(one, index + 1)));
  const ways = returned.filter(here).map(({ startedAt, finishedAt }): Bar => {
    return { label: 'return', tag: 'crit', from: Date.parse(startedAt), to: Date.parse(finishedAt) };
  });
  return [...moves, ...ways];
}

/** The label begins with the wave's number: a service may be called `section`, which the chart would take for its own word. */
function bars({ service, states, outcome }: ServiceCutover, number: number): readonly Bar[] {
  const first = states[0];
  const last = states.at(-1);
  if (first === undefined || last === undefined) return [];
  const soak = states.findIndex(({ state }) => state === 'Soaking');
  const soaked = states[soak];
  const after = states[soak + 1];
  const tag = outcome === 'succeeded' || outcome === 'unchanged' ? 'done' : 'crit';
  const move: Bar = {
    label: `${number} ${service}`,
    tag,
    from: Date.parse(first.at),
    to: Date.parse(soaked?.at ?? last.at),
  };
  if (soaked === undefined || after === undefined) return [move];
  const watch: Bar = { label: `${number} ${service} soak`, tag: 'active', from: move.to, to: Date.parse(after.at) };
  return [move, watch];
}

function lineOf({ label, tag, from, to }: Bar): string {
  // A bar without length is not drawn at all.
  return `  ${chartLabel(label)} :${tag}, ${from}, ${Math.max(to, from + 1)}`;
}
