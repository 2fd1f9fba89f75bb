// The action build/: the images of the plan, built and pushed by digest.
import { command } from '../cli/build.ts';
import { releaseSchema } from '../documents/release.ts';
import { openDoor } from './door.ts';
import { openFolder } from './folder.ts';
import { flag, linesOf } from './inputs.ts';

export const open = (): Promise<void> =>
  openDoor({
    verb: 'build',
    run: async (input, world) => {
      const folder = openFolder(world, input('folder'));
      const buildArgs = linesOf(input('build-args')).flatMap((line) => flag('build-arg', line));
      const documents = ['--plan', folder.pathOf('plan'), '--output', folder.pathOf('release')];
      const exitCode = await command.run([...flag('root', input('root')), ...buildArgs, ...documents], world);
      const { tag, images } = await folder.read(releaseSchema, 'release');
      return { exitCode, outputs: { tag, images: String(images.length) } };
    },
  });
