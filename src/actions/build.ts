// The action build/: the images of the plan, built and pushed by digest.
import { planSchema } from '../documents/plan.ts';
import { releaseSchema } from '../documents/release.ts';
import type { Secret } from '../world/secret.ts';
import { withVariables, type Variables } from '../world/variables.ts';
import type { World } from '../world/world.ts';
import type { Door } from './door.ts';
import { openFolder } from './folder.ts';
import { flag, linesOf } from './inputs.ts';
import { readSecrets } from './secrets.ts';

export const build: Door<'build'> = {
  verb: 'build',
  run: async (input, world, runCommand) => {
    const folder = openFolder(world, input('folder'));
    const buildArgs = linesOf(input('build-args')).flatMap((line) => flag('build-arg', line));
    const documents = ['--plan', folder.pathOf('plan'), '--output', folder.pathOf('release')];
    const { buildSecrets } = await folder.read(planSchema, 'plan');
    const own = withVariables(world, wantedSecrets(world, readSecrets(input('secrets')), buildSecrets));
    const exitCode = await runCommand([...flag('root', input('root')), ...buildArgs, ...documents], own);
    const { tag, images } = await folder.read(releaseSchema, 'release');
    return { exitCode, outputs: { tag, images: String(images.length) } };
  },
};

/** Of the secrets given those that build.secrets of rollout.yml names: no build sees another one. */
function wantedSecrets(world: World, given: ReadonlyMap<string, Secret>, wanted: readonly string[]): Variables {
  const isWanted = (id: string): boolean => wanted.some((name) => name === id || name.toUpperCase() === id);
  const unwanted = [...given.keys()].filter((id) => !isWanted(id));
  if (unwanted.length > 0) {
    world.log.warn(`build.secrets of rollout.yml does not name ${unwanted.join(', ')}: no build gets it`);
  }
  return Object.fromEntries([...given].filter(([id]) => isWanted(id)));
}
