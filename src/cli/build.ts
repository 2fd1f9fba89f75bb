// `rollout build`: everything a plan asks for, in one call, pushed by digest.
import { build, definitionOf } from '../build/build.ts';
import { showDocument } from '../documents/document.ts';
import { planSchema } from '../documents/plan.ts';
import { EXIT } from '../exit-code.ts';
import { abortOnSignals } from '../world/signals.ts';
import { parseFlags, writeOutput, type Command } from './command.ts';
import { readDocument } from './read-document.ts';

const HELP = `usage: rollout build --plan FILE [--root DIR] [--builder NAME] [--build-arg K=V …] [--output FILE]

Builds what the plan says in one docker buildx bake call, pushes every image by digest, and writes the rollout/release
document. Tags are put later, by rollout publish.

  --plan FILE          the rollout/plan document; - for standard input
  --root DIR           the repository the plan was made from (default: .)
  --builder NAME       a buildx builder that can push by digest (default: buildx's own choice)
  --build-arg K=V      a build argument for every image; K alone takes the value from the environment; repeatable
  --no-cache           build every step anew
  --no-registry-cache  neither read nor write layers at <registry>/cache
  --dry-run            print the bake definition and do nothing
  --output FILE        default: standard output`;

const text = { type: 'string' } as const;
const on = { type: 'boolean' } as const;
const OPTIONS = {
  ...{ plan: text, root: text, builder: text, output: text },
  'build-arg': { type: 'string', multiple: true },
  ...{ 'no-cache': on, 'no-registry-cache': on, 'dry-run': on },
} as const;

export const command: Command = {
  summary: 'build what the plan says and push it by digest',
  help: HELP,
  run: async (args, world) => {
    const flags = parseFlags(args, OPTIONS, HELP);
    const file = flags.required('plan');
    const options = {
      root: flags.text('root') ?? '.',
      plan: await readDocument(world, planSchema, file),
      builder: flags.text('builder'),
      buildArguments: flags.texts('build-arg'),
      noCache: flags.on('no-cache'),
      registryCache: !flags.on('no-registry-cache'),
      signal: abortOnSignals(),
    };
    const made = flags.on('dry-run') ? definitionOf(world, options) : await build(world, options);
    await writeOutput(world, showDocument(made), flags.text('output'));
    return EXIT.done;
  },
};
