// `rollout config`: the resolved configuration, every value with its source.
import { showConfig } from '../config/show.ts';
import { showDocument } from '../documents/document.ts';
import { EXIT } from '../exit-code.ts';
import { Fault } from '../fault.ts';
import { parseFlags, writeOutput, type Command } from './command.ts';
import { configOrFault } from './config-findings.ts';
import { seeHelp } from './usage.ts';

const HELP = `usage: rollout config [--root DIR] [--config FILE] [--registry NAME] [--format text|json] [--output FILE]

Prints what rollout.yml and the repository together say, each value with the place it comes from.

  --root DIR        the repository (default: .)
  --config FILE     relative to the root (default: rollout.yml)
  --registry NAME   push there instead of the registry of the file
  --format FORMAT   text (default) or json, the rollout/config document
  --output FILE     default: standard output

exit code: 0 resolved (there may be warnings), 1 errors found, 2 could not read`;

const text = { type: 'string' } as const;

export const command: Command = {
  summary: 'print the resolved configuration with the source of every value',
  help: HELP,
  run: async (args, world) => {
    const options = { root: text, config: text, registry: text, format: text, output: text } as const;
    const flags = parseFlags(args, options, HELP);
    const format = flags.text('format') ?? 'text';
    if (format !== 'text' && format !== 'json') {
      throw new Fault('usage', `--format ${format} is not known`, {
        expected: 'text or json',
        found: format,
        cure: seeHelp(HELP),
      });
    }
    const config = await configOrFault(world, {
      root: flags.text('root') ?? '.',
      file: flags.text('config') ?? 'rollout.yml',
      registry: flags.text('registry'),
    });
    const shown = format === 'json' ? showDocument(config) : showConfig(config);
    await writeOutput(world, shown, flags.text('output'));
    return EXIT.done;
  },
};
