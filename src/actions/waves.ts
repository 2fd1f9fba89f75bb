// The waves of a deployment as matrices of a workflow: one job per wave, on the runner of its machine.
import type { Deployment, Wave } from '../documents/fleet.ts';

export interface WaveMatrices {
  /** JSON lists; `[]` when there is nothing to do, which a workflow must ask for, since a matrix may not be empty. */
  readonly canary: string;
  readonly batches: string;
  /** Every machine with services to move. */
  readonly machines: string;
  /** What a failed wave does to the ones before it. */
  readonly 'on-failure': Deployment['onFailure'];
}

/** Waves without a service are left out. `runsOn` is JSON in itself, for fromJSON in runs-on. */
export function waveMatrices({ machines, waves, onFailure }: Deployment): WaveMatrices {
  const moving = waves.filter(({ services }) => services.length > 0);
  const runsOn = (machine: string): string => {
    const labels = machines.find(({ name }) => name === machine)?.runsOn;
    return JSON.stringify(labels ?? ['self-hosted', machine]);
  };
  const row = ({ name, machine, services, soakMs }: Wave) => {
    return { name, machine, services: services.join(','), soakMs, runsOn: runsOn(machine) };
  };
  const names = [...new Set(moving.map(({ machine }) => machine))];
  return {
    canary: JSON.stringify(moving.filter(({ kind }) => kind === 'canary').map(row)),
    batches: JSON.stringify(moving.filter(({ kind }) => kind === 'batch').map(row)),
    machines: JSON.stringify(names.map((machine) => ({ machine, runsOn: runsOn(machine) }))),
    'on-failure': onFailure,
  };
}
