// `rollout plan`: what must be built for which machine, what is kept, and how the hosts will move.
import { showDocument } from '../documents/document.ts';
import { releaseSchema } from '../documents/release.ts';
import { EXIT } from '../exit-code.ts';
import { matrices } from '../plan/deployment.ts';
import { plan } from '../plan/plan.ts';
import { showPlan } from '../plan/show.ts';
import { parseFlags, writeOutput, type Command } from './command.ts';
import { configOrFault } from './config-findings.ts';
import { readDocument } from './read-document.ts';

const HELP = `usage: rollout plan [--root DIR] [--config FILE] [--previous FILE] [--since REF] [--changed PATHS] [--output FILE]

Writes the rollout/plan document. Without --previous everything is built; with it, what is unchanged is kept by digest.

  --root DIR         the repository (default: .)
  --config FILE      relative to the root (default: rollout.yml)
  --registry NAME    push there instead of the registry of the file
  --previous FILE    the rollout/release document of the release before; - for standard input
  --since REF        tell changes from this commit (default: the commit of --previous)
  --changed PATHS    paths to count as changed, comma-separated or repeated
  --matrix           print the matrices for workflows, {build: {include}, cutover: {include}}; the plan goes to --output only
  --output FILE      default: standard output`;

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const OPTIONS = {
  ...{ root: text, config: text, registry: text, previous: text, since: text, output: text },
  changed: texts,
  matrix: { type: 'boolean' },
} as const;

export const command: Command = {
  summary: 'say what must be built, what is kept, and how the hosts will move',
  help: HELP,
  run: async (args, world) => {
    const flags = parseFlags(args, OPTIONS, HELP);
    const root = flags.text('root') ?? '.';
    const file = flags.text('config') ?? 'rollout.yml';
    const config = await configOrFault(world, { root, file, registry: flags.text('registry') });
    const before = flags.text('previous');
    const previous = before === undefined ? undefined : await readDocument(world, releaseSchema, before);
    const made = await plan(world, {
      root,
      config,
      previous,
      since: flags.text('since'),
      changed: flags.list('changed'),
    });
    const [headline = '', ...rows] = showPlan(made);
    world.log.step(headline);
    for (const row of rows) world.log.info(row);
    const output = flags.text('output');
    if (!flags.on('matrix') || output !== undefined) await writeOutput(world, showDocument(made), output);
    if (flags.on('matrix')) await writeOutput(world, `${JSON.stringify(matrices(made))}\n`, undefined);
    return EXIT.done;
  },
};
