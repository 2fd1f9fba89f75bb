// The action verify/: whether the registry holds the release of the folder.
import { command } from '../cli/verify.ts';
import { verificationSchema } from '../documents/verification.ts';
import { openDoor } from './door.ts';
import { openFolder } from './folder.ts';

export const open = (): Promise<void> =>
  openDoor({
    verb: 'verify',
    run: async (input, world) => {
      const folder = openFolder(world, input('folder'));
      const args = ['--release', folder.pathOf('release'), '--output', folder.pathOf('verification')];
      const exitCode = await command.run(args, world);
      const { verdict, images } = await folder.read(verificationSchema, 'verification');
      const bad = images.filter((image) => image.verdict !== 'present');
      const failures = bad.map(({ reference, message }) => `${reference}: ${message}`);
      return { exitCode, outputs: { verdict }, failures };
    },
  });
