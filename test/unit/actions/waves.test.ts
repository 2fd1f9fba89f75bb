// The waves of a deployment as matrices of a workflow.
import { describe, expect, it } from 'vitest';
import { waveMatrices } from '../../../src/actions/waves.ts';
import type { Deployment, Machine, Wave } from '../../../src/documents/fleet.ts';

const CANARY = wave({ name: 'canary-mainpc', kind: 'canary', services: ['coordinator'], soakMs: 3000 });
const REST = wave({ name: 'rest-mainpc', services: ['bus', 'pipeline'] });
const SECOND = wave({ name: 'pc2', machine: 'pc2', services: ['bus'] });

describe('the matrices of a deployment', () => {
  const matrices = waveMatrices(deployment([CANARY, REST, SECOND]));

  it('tell the canary from the batches, each in its order', () => {
    expect(JSON.parse(matrices.canary)).toEqual([
      {
        name: 'canary-mainpc',
        machine: 'mainpc',
        services: 'coordinator',
        soakMs: 3000,
        runsOn: '["self-hosted","gpu"]',
      },
    ]);
    expect(JSON.parse(matrices.batches)).toMatchObject([
      { name: 'rest-mainpc', services: 'bus,pipeline' },
      { name: 'pc2', machine: 'pc2' },
    ]);
  });

  it('name each machine once', () => {
    expect(JSON.parse(matrices.machines)).toEqual([
      { machine: 'mainpc', runsOn: '["self-hosted","gpu"]' },
      { machine: 'pc2', runsOn: '["self-hosted","pc2"]' },
    ]);
  });

  it('say what a failed wave does to those before it', () => {
    expect(matrices['on-failure']).toBe('halt');
  });

  it('leave out a wave in which nothing moves', () => {
    const none = waveMatrices(deployment([{ ...CANARY, services: [] }, REST]));
    expect(none.canary).toBe('[]');
    expect(waveMatrices(deployment([])).machines).toBe('[]');
  });
});

function wave(facts: Partial<Wave> & Pick<Wave, 'name' | 'services'>): Wave {
  return { kind: 'batch', machine: 'mainpc', soakMs: 0, ...facts };
}

function deployment(waves: readonly Wave[]): Deployment {
  const machine = (name: string, runsOn: readonly string[]) => ({ name, runsOn }) as Machine;
  const machines = [machine('mainpc', ['self-hosted', 'gpu']), machine('pc2', ['self-hosted', 'pc2'])];
  return { machines, waves, onFailure: 'halt' } as unknown as Deployment;
}
