// The account of a rollout over all hosts, kept while it runs and drawn together at its end.
import type { FleetCutover, HostCutover, ProbeReport } from '../documents/cutover.ts';
import type { Wave } from '../documents/fleet.ts';
import type { Release } from '../documents/release.ts';
import { Fault } from '../fault.ts';
import { isoTime, type Clock } from '../world/clock.ts';
import type { HostEnd } from './fleet-child.ts';
import type { FleetState, Stop } from './fleet-machine.ts';
import type { WaveVerdict } from './fleet-verdict.ts';

interface Entry {
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly reason?: string;
}

export class FleetRecord {
  readonly #clock: Clock;
  readonly #release: Release;
  readonly #startedAt: string;
  readonly #entries = new Map<number, Entry>();
  readonly #unreached = new Map<string, string>();
  readonly #hosts: HostCutover[] = [];
  readonly #returned: HostCutover[] = [];
  /** By machine: what became of the wish to return it. */
  readonly #returns = new Map<string, string>();

  constructor(clock: Clock, release: Release) {
    this.#clock = clock;
    this.#release = release;
    this.#startedAt = this.#now();
  }

  /** Notes the wave's beginning and hands the wave out. */
  begin(index: number): Wave {
    this.#entries.set(index, { startedAt: this.#now() });
    return this.#wave(index);
  }

  end(index: number, { reason }: WaveVerdict, end: HostEnd): void {
    const startedAt = this.#entries.get(index)?.startedAt ?? this.#startedAt;
    this.#entries.set(index, { startedAt, finishedAt: this.#now(), ...(reason === undefined ? {} : { reason }) });
    if (end.kind === 'reported') this.#hosts.push(end.report);
  }

  returned(machine: string, returned: boolean, end: HostEnd): void {
    const why = end.kind === 'silent' ? `: ${end.reason}` : '';
    this.#returns.set(machine, returned ? 'later returned to the former release' : `could not be returned${why}`);
    if (end.kind === 'reported') this.#returned.push(end.report);
  }

  unreached(machine: string, reason: string): void {
    this.#unreached.set(machine, reason);
  }

  document(state: FleetState, probes: readonly ProbeReport[]): FleetCutover {
    if (state.kind !== 'ended') throw new Fault('document', 'a rollout that runs has no account yet');
    return {
      schema: 'rollout/fleet',
      version: 1,
      tag: this.#release.tag,
      startedAt: this.#startedAt,
      finishedAt: this.#now(),
      outcome: state.outcome,
      waves: this.#release.deployment.waves.map((wave, index) => this.#told(wave, index, state)),
      hosts: this.#hosts,
      returned: this.#returned,
      probes,
    };
  }

  #told(wave: Wave, index: number, state: Extract<FleetState, { kind: 'ended' }>): FleetCutover['waves'][number] {
    const status = state.waves[index];
    const outcome = status === undefined || status === 'waiting' || status === 'running' ? 'skipped' : status;
    const entry = this.#entries.get(index);
    const wasMoved = state.moved.some(({ machine, services }) => {
      return machine === wave.machine && services.some((service) => wave.services.includes(service));
    });
    const back = wasMoved ? this.#returns.get(wave.machine) : undefined;
    const skipped = outcome === 'skipped' ? this.#whySkipped(wave, state.stop) : undefined;
    const reason = [entry?.reason, back, skipped].filter((part) => part !== undefined).join('; ');
    return { ...wave, outcome, ...entry, ...(reason === '' ? {} : { reason }) };
  }

  #whySkipped(wave: Wave, stop: Stop | undefined): string {
    if (wave.services.length === 0) return 'no service changes in it';
    const unreached = this.#unreached.get(wave.machine);
    if (unreached !== undefined) return unreached;
    if (stop?.kind === 'failure') return `wave ${this.#wave(stop.wave).name} failed before`;
    if (stop?.kind === 'abort') return 'the rollout was stopped before';
    return `nothing began: ${[...this.#unreached.values()].join('; ')}`;
  }

  #wave(index: number): Wave {
    const wave = this.#release.deployment.waves[index];
    if (wave !== undefined) return wave;
    throw new Fault('document', `the release has no wave ${index}`);
  }

  #now(): string {
    return isoTime(this.#clock.now());
  }
}
