// The action publish/: the tags of the release of the folder, once it was verified.
import { publicationSchema } from '../documents/verification.ts';
import type { Door } from './door.ts';
import { openFolder } from './folder.ts';

export const publish: Door<'publish'> = {
  verb: 'publish',
  run: async (input, world, runCommand) => {
    const folder = openFolder(world, input('folder'));
    const documents = ['--release', folder.pathOf('release'), '--verification', folder.pathOf('verification')];
    const exitCode = await runCommand([...documents, '--output', folder.pathOf('publication')]);
    const { tags } = await folder.read(publicationSchema, 'publication');
    const bad = tags.filter(({ result }) => result === 'failed');
    const failures = bad.map(({ reference, message }) => `${reference}: ${message ?? 'not put'}`);
    return { exitCode, outputs: { tags: String(tags.length - bad.length) }, failures };
  },
};
