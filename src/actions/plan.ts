// The action plan/: what is built, and the waves as matrices for the jobs on the machines.
import { planSchema } from '../documents/plan.ts';
import type { Door } from './door.ts';
import { openFolder } from './folder.ts';
import { flag } from './inputs.ts';
import { waveMatrices } from './waves.ts';

export const plan: Door<'plan'> = {
  verb: 'plan',
  run: async (input, world, runCommand) => {
    const folder = openFolder(world, input('folder'));
    const repository = [...flag('root', input('root')), ...flag('config', input('config'))];
    const before = [...flag('since', input('since')), ...flag('previous', input('previous'))];
    const args = [...repository, ...before, '--output', folder.pathOf('plan')];
    const exitCode = await runCommand(args);
    const { tag, build, deployment } = await folder.read(planSchema, 'plan');
    return { exitCode, outputs: { tag, build: String(build.length), ...waveMatrices(deployment) } };
  },
};
