// The action publish/: the tags of the release of the folder, once it was verified.
import { command } from '../cli/publish.ts';
import { publicationSchema } from '../documents/verification.ts';
import { openDoor } from './door.ts';
import { openFolder } from './folder.ts';

export const open = (): Promise<void> =>
  openDoor({
    verb: 'publish',
    run: async (input, world) => {
      const folder = openFolder(world, input('folder'));
      const documents = ['--release', folder.pathOf('release'), '--verification', folder.pathOf('verification')];
      const exitCode = await command.run([...documents, '--output', folder.pathOf('publication')], world);
      const { tags } = await folder.read(publicationSchema, 'publication');
      const bad = tags.filter(({ result }) => result === 'failed');
      const failures = bad.map(({ reference, message }) => `${reference}: ${message ?? 'not put'}`);
      return { exitCode, outputs: { tags: String(tags.length - bad.length) }, failures };
    },
  });
