// The action report/: all documents of the folder as evidence, and its summary on the page of the run.
import { join } from 'node:path';
import { EXIT } from '../exit-code.ts';
import type { Door } from './door.ts';
import { openFolder } from './folder.ts';
import { flag } from './inputs.ts';

const DOCUMENTS = ['findings', 'plan', 'release', 'verification', 'publication', 'fleet'];

export const report: Door<'report'> = {
  verb: 'report',
  run: async (input, world, runCommand) => {
    const folder = openFolder(world, input('folder'));
    const there = new Set(await folder.named(''));
    const documents = DOCUMENTS.filter((name) => there.has(name)).flatMap((name) => flag(name, folder.pathOf(name)));
    const moved = (await folder.named('cutover-')).flatMap((name) => flag('cutover', folder.pathOf(name)));
    const returned = (await folder.named('return-')).flatMap((name) => flag('returned', folder.pathOf(name)));
    const exitCode = await runCommand([...documents, ...moved, ...returned, '--output-dir', folder.path]);
    const [evidence, summary] = [folder.pathOf('evidence'), join(folder.path, 'summary.md')];
    return {
      // What is not known was not done here, or failed in a step of its own.
      exitCode: exitCode === EXIT.unknown ? EXIT.done : exitCode,
      outputs: { evidence, summary },
      failures: ['the rollout did not end as it should; the summary of this run tells how'],
      summary: await world.files.readText(summary),
    };
  },
};
