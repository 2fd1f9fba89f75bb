// The action verify/: whether the registry holds the release of the folder.
import { verificationSchema } from '../documents/verification.ts';
import type { Door } from './door.ts';
import { openFolder } from './folder.ts';

export const verify: Door<'verify'> = {
  verb: 'verify',
  run: async (input, world, runCommand) => {
    const folder = openFolder(world, input('folder'));
    const args = ['--release', folder.pathOf('release'), '--output', folder.pathOf('verification')];
    const exitCode = await runCommand(args);
    const { verdict, images } = await folder.read(verificationSchema, 'verification');
    const bad = images.filter((image) => image.verdict !== 'present');
    const failures = bad.map(({ reference, message }) => `${reference}: ${message}`);
    return { exitCode, outputs: { verdict }, failures };
  },
};
