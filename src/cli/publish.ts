// `rollout publish`: puts the release's tags on images that were verified.
import { showDocument } from '../documents/document.ts';
import { releaseSchema } from '../documents/release.ts';
import { verificationSchema, type Publication } from '../documents/verification.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { publish } from '../publish/publish.ts';
import type { World } from '../world/world.ts';
import { parseFlags, writeOutput, type Command } from './command.ts';
import { readDocument } from './read-document.ts';

const help = `usage: rollout publish --release FILE --verification FILE [flags]

Puts the release's tag on every image of a release whose verification found all of them present, kept
images too. The tag gets the very bytes that were verified. A tag that stands for another image is
never moved.

  --release FILE       the release; - is standard input
  --verification FILE  what rollout verify wrote for it
  --insecure HOST      speak plain HTTP to this registry; may be repeated
  --output FILE        write the publication there instead of to standard output

Exit codes: 0 all tags stand, 1 some could not be put (it says which), 2 refused.

  rollout publish --release release.json --verification verification.json --output publication.json`;

const options = {
  release: { type: 'string' },
  verification: { type: 'string' },
  insecure: { type: 'string', multiple: true },
  output: { type: 'string' },
} as const;

export const command: Command = { summary: 'put the tags of a verified release', help, run };

async function run(args: readonly string[], world: World): Promise<ExitCode> {
  const flags = parseFlags(args, options, help);
  const [releasePath, verificationPath] = [flags.required('release'), flags.required('verification')];
  const release = await readDocument(world, releaseSchema, releasePath);
  const verification = await readDocument(world, verificationSchema, verificationPath);
  const publication = await publish(world, { release, verification, insecureHosts: flags.list('insecure') });
  await writeOutput(world, showDocument(publication), flags.text('output'));
  return show(world, publication);
}

function show(world: World, { tags }: Publication): ExitCode {
  for (const { reference, result, message } of tags) {
    if (result === 'failed') world.log.error(`not published: ${reference}\n    ${message ?? ''}`);
    else world.log.done(result === 'put' ? `published  ${reference}` : `stood already  ${reference}`);
  }
  const failed = tags.filter(({ result }) => result === 'failed').length;
  if (failed === 0) return EXIT.done;
  world.log.error(
    `${failed} of ${tags.length} tags were not put: the release is not whole; publish again to finish it`,
  );
  return EXIT.failed;
}
