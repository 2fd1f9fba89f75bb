// `rollout report`: evidence.json, summary.md and the acceptance checklist of one rollout.
import { join } from 'node:path';
import { styleText } from 'node:util';
import type * as z from 'zod';
import { fleetCutoverSchema, hostCutoverSchema, type FleetCutover } from '../documents/cutover.ts';
import { showDocument } from '../documents/document.ts';
import { findingsSchema } from '../documents/findings.ts';
import { planSchema } from '../documents/plan.ts';
import { releaseSchema, type Release } from '../documents/release.ts';
import { publicationSchema, verificationSchema } from '../documents/verification.ts';
import { gatherFleet } from '../report/gather.ts';
import { report, reportExitCode, type Report, type ReportRequest } from '../report/report.ts';
import { renderText, type Paint } from '../report/text.ts';
import { isoTime } from '../world/clock.ts';
import { print } from '../world/terminal.ts';
import type { World } from '../world/world.ts';
import { parseFlags, type Command, type Flags } from './command.ts';
import { findDocument } from './read-document.ts';

const FORMATS = ['text', 'markdown', 'json'] as const;
type Format = (typeof FORMATS)[number];

const help = `usage: rollout report [flags]

Draws the documents of one rollout together and answers the acceptance checklist. What is not there is unknown.

  --findings FILE       of rollout validate
  --plan FILE           of rollout plan
  --release FILE        of rollout build
  --verification FILE   of rollout verify
  --publication FILE    of rollout publish
  --fleet FILE          of rollout cutover
  --cutover FILE        instead of --fleet: the report of one host; may be repeated
  --returned FILE       beside --cutover: the report of a host that was returned; may be repeated
  --output-dir DIR      write evidence.json and summary.md there
  --format FORMAT       ${FORMATS.join(' | ')}: what is printed (text)

Exit codes: 0 every answer is yes, 1 one is no, 2 fault, 3 one is unknown, 4 rolled back, 5 degraded, 130 aborted.

  rollout report --plan plan.json --release release.json --fleet fleet.json --output-dir out`;

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const options = {
  findings: text,
  plan: text,
  release: text,
  verification: text,
  publication: text,
  fleet: text,
  cutover: texts,
  returned: texts,
  'output-dir': text,
  format: text,
};

export const command: Command = {
  summary: 'draw the evidence together and answer the acceptance checklist',
  help,
  run: async (args, world) => {
    const flags = parseFlags(args, options, help);
    const format = flags.choice('format', FORMATS);
    const made = report(await readDocuments(world, flags));
    const folder = flags.text('output-dir');
    if (folder !== undefined) await write(world, folder, made);
    await print(`${shown(made, format)}\n`);
    return reportExitCode(made.evidence);
  },
};

async function readDocuments(world: World, flags: Flags): Promise<ReportRequest> {
  const read = <S extends z.ZodType>(name: string, schema: S): Promise<z.output<S> | undefined> =>
    readOne(world, schema, flags.text(name));
  const release = await read('release', releaseSchema);
  return {
    createdAt: isoTime(world.clock.now()),
    findings: await read('findings', findingsSchema),
    plan: await read('plan', planSchema),
    release,
    verification: await read('verification', verificationSchema),
    publication: await read('publication', publicationSchema),
    fleet: (await read('fleet', fleetCutoverSchema)) ?? (await gather(world, flags, release)),
  };
}

/** A named file that is not there is said, and unknown: a report is wanted most where something ended early. */
async function readOne<S extends z.ZodType>(
  world: World,
  schema: S,
  path: string | undefined,
): Promise<z.output<S> | undefined> {
  if (path === undefined) return undefined;
  const document = await findDocument(world, schema, path);
  if (document !== undefined) return document;
  world.log.warn(`there is no file ${path}: what it would say is unknown`);
  return undefined;
}

async function gather(world: World, flags: Flags, release: Release | undefined): Promise<FleetCutover | undefined> {
  const readAll = async (name: string) => {
    const read = await Promise.all(flags.list(name).map((path) => readOne(world, hostCutoverSchema, path)));
    return read.filter((host) => host !== undefined);
  };
  const [hosts, returned] = [await readAll('cutover'), await readAll('returned')];
  if (release === undefined || hosts.length + returned.length === 0) return undefined;
  return gatherFleet({ release, hosts, returned });
}

async function write(world: World, folder: string, { evidence, summary }: Report): Promise<void> {
  await world.files.writeAtomic(join(folder, 'evidence.json'), showDocument(evidence));
  await world.files.writeAtomic(join(folder, 'summary.md'), summary);
  world.log.done(`${join(folder, 'evidence.json')} and ${join(folder, 'summary.md')}`);
}

function shown({ evidence, summary }: Report, format: Format): string {
  switch (format) {
    case 'text':
      return renderText(evidence, paint);
    case 'markdown':
      return summary.trimEnd();
    case 'json':
      return showDocument(evidence).trimEnd();
  }
}

const paint: Paint = (style, words) => styleText(style, words, { stream: process.stdout });
