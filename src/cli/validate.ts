// `rollout validate`: the findings of a repository for a person, a program or a pull request, and the page of a rule.
import { isAbsolute, join, normalize } from 'node:path';
import { styleText } from 'node:util';
import { showDocument } from '../documents/document.ts';
import type { Findings } from '../documents/findings.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { Fault } from '../fault.ts';
import { readBuildFile } from '../images/build-file.ts';
import { annotations } from '../validate/annotations.ts';
import { nearestRules, PAGES } from '../validate/page.ts';
import { showFindings, shownOf, type Paint, type Sources } from '../validate/show.ts';
import { validate } from '../validate/validate.ts';
import type { World } from '../world/world.ts';
import { parseFlags, writeOutput, type Command } from './command.ts';
import { seeHelp } from './usage.ts';

const HELP = `usage: rollout validate [DIR] [--format text|json|github]

Proves, before anything is built, that the images of a repository can be built, started and trusted.
Without rollout.yml it says what it takes for a service and what for a base.

  --root DIR       the repository (default: DIR, else .)
  --config FILE    the configuration, relative to the root (default: rollout.yml where there is one)
  --format FORM    text (default), json (the findings document), github (annotations of a pull request)
  --output FILE    write there instead of to standard output
  --explain RULE   print the page of a rule, RA302 or RC001 for one, and stop

exit code: 0 nothing breaks (there may be warnings), 1 errors found, 2 could not check`;

const FORMATS = ['text', 'json', 'github'] as const;

export const command: Command = {
  summary: 'prove that what is in the repository can be built and started',
  help: HELP,
  run: async (args, world) => {
    const options = {
      root: { type: 'string' },
      config: { type: 'string' },
      format: { type: 'string' },
      output: { type: 'string' },
      explain: { type: 'string' },
    } as const;
    const flags = parseFlags(args, options, HELP, ['DIR']);
    const output = flags.text('output');
    const explained = flags.text('explain');
    if (explained !== undefined) return explain(world, explained, output);
    const format = formatNamed(flags.text('format') ?? 'text');
    const root = flags.text('root') ?? flags.rest[0] ?? '.';
    await mustBeFolder(world, root);
    const findings = await validate(world, { root, file: flags.text('config') });
    await writeOutput(world, await inForm(world, { format, findings, root, toTerminal: output === undefined }), output);
    return findings.findings.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.done;
  },
};

async function explain(world: World, id: string, output: string | undefined): Promise<ExitCode> {
  const page = PAGES.get(id.toUpperCase());
  if (page === undefined) {
    const nearest = nearestRules(id);
    throw new Fault('usage', `there is no rule ${id}`, {
      expected: nearest.length > 0 ? `a rule; the nearest are ${nearest.join(', ')}` : 'a rule, as RA302 or RC001',
      cure: 'write the number as the finding shows it',
    });
  }
  await writeOutput(world, page, output);
  return EXIT.done;
}

function formatNamed(text: string): (typeof FORMATS)[number] {
  const found = FORMATS.find((format) => format === text);
  if (found !== undefined) return found;
  throw new Fault('usage', `there is no format ${text}`, { expected: FORMATS.join(', '), cure: seeHelp(HELP) });
}

async function mustBeFolder(world: World, root: string): Promise<void> {
  if ((await world.files.facts(root))?.kind === 'folder') return;
  throw new Fault('input', `there is no folder ${root}`, { where: root, cure: 'name the root of the repository' });
}

interface Showing {
  readonly format: (typeof FORMATS)[number];
  readonly findings: Findings;
  readonly root: string;
  readonly toTerminal: boolean;
}

async function inForm(world: World, { format, findings, root, toTerminal }: Showing): Promise<string> {
  switch (format) {
    case 'json':
      return showDocument(findings);
    case 'github':
      return `${annotations(findings).join('\n')}\n`;
    case 'text':
      return `${showFindings(findings, {
        sources: await readSources(world, root, findings),
        paint: toTerminal ? inColour : plain,
        width: toTerminal && process.stdout.isTTY ? Math.min(process.stdout.columns, MOST_WIDTH) : DEFAULT_WIDTH,
      })}\n`;
  }
}

/** Where nobody says how wide the terminal is, and in files. */
const DEFAULT_WIDTH = 80;
/** Longer lines are hard to read, however wide the terminal is. */
const MOST_WIDTH = 120;

const inColour: Paint = (style, text) => styleText(style, text, { stream: process.stdout });
const plain: Paint = (_style, text) => text;

async function readSources(world: World, root: string, findings: Findings): Promise<Sources> {
  // A finding may be about a path that leads out of the repository: what lies there is nobody's to show.
  const inside = shownOf(findings).filter(({ file }) => !isAbsolute(file) && !normalize(file).startsWith('..'));
  const files = [...new Set(inside.map(({ file }) => file))];
  const read = await Promise.all(
    files.map(
      async (file) => [file, await readBuildFile(world.files, join(root, file)).catch(() => undefined)] as const,
    ),
  );
  return new Map(read.flatMap(([file, found]) => (found?.kind === 'text' ? [[file, found.text.split(/\r?\n/)]] : [])));
}
