// The action build/: the images of the plan, built and pushed by digest.
import { releaseSchema } from '../documents/release.ts';
import type { Door } from './door.ts';
import { openFolder } from './folder.ts';
import { flag, linesOf } from './inputs.ts';

export const build: Door<'build'> = {
  verb: 'build',
  run: async (input, world, runCommand) => {
    const folder = openFolder(world, input('folder'));
    const buildArgs = linesOf(input('build-args')).flatMap((line) => flag('build-arg', line));
    const documents = ['--plan', folder.pathOf('plan'), '--output', folder.pathOf('release')];
    const exitCode = await runCommand([...flag('root', input('root')), ...buildArgs, ...documents]);
    const { tag, images } = await folder.read(releaseSchema, 'release');
    return { exitCode, outputs: { tag, images: String(images.length) } };
  },
};
