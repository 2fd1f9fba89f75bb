// The action validate/: the findings of the repository, annotated at their lines.
import { posix } from 'node:path';
import { findingsSchema, type Findings } from '../documents/findings.ts';
import { annotations } from '../validate/annotations.ts';
import type { Door } from './door.ts';
import { openFolder } from './folder.ts';
import { flag } from './inputs.ts';

export const validate: Door<'validate'> = {
  verb: 'validate',
  run: async (input, world, runCommand) => {
    const folder = openFolder(world, input('folder'));
    const repository = [...flag('root', input('root')), ...flag('config', input('config'))];
    const exitCode = await runCommand([...repository, '--format', 'json', '--output', folder.pathOf('findings')]);
    const found = await folder.read(findingsSchema, 'findings');
    const errors = found.findings.filter(({ severity }) => severity === 'error').length;
    const failures = errors === 0 ? [] : [`${errors} findings must be mended; each is annotated at its line`];
    const shown = annotations(seenFromRepository(found, input('root') ?? '.'));
    return { exitCode, outputs: { findings: String(errors) }, annotations: shown, failures };
  },
};

/** Findings name files from the checked folder; GitHub knows them from the repository's. */
function seenFromRepository({ findings, ...rest }: Findings, root: string): Findings {
  return { ...rest, findings: findings.map((finding) => ({ ...finding, file: posix.join(root, finding.file) })) };
}
