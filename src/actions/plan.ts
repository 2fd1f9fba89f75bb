// The action plan/: what is built, and the waves as matrices for the jobs on the machines.
import { planSchema } from '../documents/plan.ts';
import type { World } from '../world/world.ts';
import type { Door } from './door.ts';
import { openFolder, type DocumentFolder } from './folder.ts';
import { flag, type Inputs } from './inputs.ts';
import { previousRelease } from './previous.ts';
import { waveMatrices } from './waves.ts';

export const plan: Door<'plan'> = {
  verb: 'plan',
  run: async (input, world, runCommand) => {
    const folder = openFolder(world, input('folder'));
    const repository = [...flag('root', input('root')), ...flag('config', input('config'))];
    const before = input('previous') ?? (await fetchPrevious(world, folder, input));
    const changes = [...flag('since', input('since')), ...flag('previous', before)];
    const args = [...repository, ...changes, '--output', folder.pathOf('plan')];
    const exitCode = await runCommand(args);
    const { tag, build, deployment } = await folder.read(planSchema, 'plan');
    return { exitCode, outputs: { tag, build: String(build.length), ...waveMatrices(deployment) } };
  },
};

/** The path of the release document of the run before, once it was fetched. */
async function fetchPrevious(world: World, folder: DocumentFolder, input: Inputs<'plan'>): Promise<string | undefined> {
  const run = input('previous-run');
  const text = run === undefined ? undefined : await previousRelease(world, { run, token: input('token') });
  if (text === undefined) return undefined;
  await world.files.writeAtomic(folder.pathOf('previous'), text);
  return folder.pathOf('previous');
}
