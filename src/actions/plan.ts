// The action plan/: what is built, and the waves as matrices for the jobs on the machines.
import { command } from '../cli/plan.ts';
import { planSchema } from '../documents/plan.ts';
import { openDoor } from './door.ts';
import { openFolder } from './folder.ts';
import { flag } from './inputs.ts';
import { waveMatrices } from './waves.ts';

export const open = (): Promise<void> =>
  openDoor({
    verb: 'plan',
    run: async (input, world) => {
      const folder = openFolder(world, input('folder'));
      const repository = [...flag('root', input('root')), ...flag('config', input('config'))];
      const before = [...flag('since', input('since')), ...flag('previous', input('previous'))];
      const args = [...repository, ...before, '--output', folder.pathOf('plan')];
      const exitCode = await command.run(args, world);
      const { tag, build, deployment } = await folder.read(planSchema, 'plan');
      return { exitCode, outputs: { tag, build: String(build.length), ...waveMatrices(deployment) } };
    },
  });
