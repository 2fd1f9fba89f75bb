// `rollout verify`: whether the registry really holds a release.
import { showDocument } from '../documents/document.ts';
import { releaseSchema } from '../documents/release.ts';
import type { Verdict } from '../documents/verification.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { showVerification } from '../verify/table.ts';
import { verify } from '../verify/verify.ts';
import type { World } from '../world/world.ts';
import { parseFlags, writeOutput, type Command } from './command.ts';
import { readDocument } from './read-document.ts';

const help = `usage: rollout verify --release FILE [flags]

Proves that a registry holds every image of a release, whole and as planned: index, platform
manifest, configuration, every layer, and what the configuration says.

  --release FILE      the release to verify; - is standard input
  --tags              the published tags must still stand for the release's digests too
  --deadline SECONDS  for everything together (180)
  --insecure HOST     speak plain HTTP to this registry; may be repeated
  --format FORMAT     text: a table on standard error and the document; json: the document alone
  --output FILE       write the verification there instead of to standard output

Exit codes: 0 all present, 1 absent, moved or wrong, 2 the login was refused, 3 the answer could not be had.

  rollout verify --release release.json --output verification.json`;

const options = {
  release: { type: 'string' },
  tags: { type: 'boolean' },
  deadline: { type: 'string' },
  insecure: { type: 'string', multiple: true },
  format: { type: 'string' },
  output: { type: 'string' },
} as const;

const LONGEST_DEADLINE_SECONDS = 24 * 60 * 60;

const EXIT_OF: Readonly<Record<Verdict, ExitCode>> = {
  present: EXIT.done,
  absent: EXIT.failed,
  moved: EXIT.failed,
  wrong: EXIT.failed,
  auth: EXIT.fault,
  unknown: EXIT.unknown,
};

export const command: Command = { summary: 'prove that a registry holds a release', help, run };

async function run(args: readonly string[], world: World): Promise<ExitCode> {
  const flags = parseFlags(args, options, help);
  const format = flags.choice('format', ['text', 'json']);
  const deadline = flags.number('deadline', { least: 1, most: LONGEST_DEADLINE_SECONDS });
  const release = await readDocument(world, releaseSchema, flags.required('release'));
  const verification = await verify(world, {
    release,
    tags: flags.on('tags'),
    deadlineMs: deadline === undefined ? undefined : deadline * 1_000,
    insecureHosts: flags.list('insecure'),
  });
  await writeOutput(world, showDocument(verification), flags.text('output'));
  if (format === 'text') showVerification(world.log, verification);
  return EXIT_OF[verification.verdict];
}
