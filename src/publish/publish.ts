// Publish: puts the release's tag on every image once all are verified, by the same bytes, so that tag and digest never differ.
import type { Release, ReleaseImage } from '../documents/release.ts';
import type { Publication, Verification } from '../documents/verification.ts';
import { Fault } from '../fault.ts';
import { parseManifest } from '../images/manifest.ts';
import { parseName, showReference } from '../images/reference.ts';
import { openRegistry, type ManifestToPut, type Registry } from '../registry/registry.ts';
import { makeSlots } from '../registry/slots.ts';
import { isoTime } from '../world/clock.ts';
import type { World } from '../world/world.ts';

export interface PublishRequest {
  readonly release: Release;
  readonly verification: Verification;
  /** Milliseconds for all tags together. */
  readonly deadlineMs?: number | undefined;
  readonly insecureHosts?: readonly string[] | undefined;
}

/** Registries throttle writes long before reads. */
const PUTS_AT_ONCE = 4;

type PublishedTag = Publication['tags'][number];

/** What one tag needs: nothing, bytes to put, or it can't be had now. */
type Intent =
  | { readonly kind: 'already' }
  | { readonly kind: 'put'; readonly manifest: ManifestToPut }
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

interface Intended {
  readonly image: ReleaseImage;
  readonly intent: Intent;
}

/**
 * Reads every tag first and puts nothing while one of them can't be had; then puts them all.
 * Throws Fault `conflict` when the verification is not that of this release or not good, or when a tag stands for another image.
 */
export async function publish(world: World, request: PublishRequest): Promise<Publication> {
  const { release, verification } = request;
  refuseUnverified(release, verification);
  const registry = openRegistry(world, {
    ...request,
    actions: 'pull,push',
    absentTries: 1,
    concurrency: PUTS_AT_ONCE,
  });
  world.log.step(`publishing ${release.images.length} images as ${release.tag}`);
  const intended = await Promise.all(
    release.images.map(async (image) => ({ image, intent: await intend(registry, image) })),
  );
  refuseConflicts(intended);
  const blocked = intended.some(({ intent }) => intent.kind === 'failed');
  const slots = makeSlots(PUTS_AT_ONCE);
  const tags = await Promise.all(
    intended.map((one) => slots.use(async () => (blocked ? notPut(one) : settle(registry, one)))),
  );
  const { tag } = release;
  return { schema: 'rollout/publication', version: 1, createdAt: isoTime(world.clock.now()), tag, tags };
}

function refuseUnverified(release: Release, verification: Verification): void {
  const verified = new Map(verification.images.map((image) => [image.target, image]));
  const unlike = release.images.filter((image) => verified.get(image.name)?.digest !== image.digest);
  if (verification.tag !== release.tag || unlike.length > 0) {
    throw new Fault('conflict', 'the verification is of another release', {
      expected: `a verification of ${release.tag} with the same digests`,
      found: `one of ${verification.tag}; not in it: ${unlike.map(({ name }) => name).join(', ') || 'nothing'}`,
      cure: 'run rollout verify on this release, then publish again',
    });
  }
  const bad = release.images.filter((image) => verified.get(image.name)?.verdict !== 'present');
  if (verification.verdict === 'present' && bad.length === 0) return;
  throw new Fault('conflict', `the verification says ${verification.verdict}: nothing was published`, {
    expected: 'every image present',
    found: bad.map(({ name }) => `${name}: ${verified.get(name)?.verdict}`).join(', '),
    cure: 'see the verification for the reasons; build what is missing, verify, then publish again',
  });
}

async function intend(registry: Registry, image: ReleaseImage): Promise<Intent> {
  const name = parseName(image.repository);
  const there = await registry.manifest(name, image.tag);
  if (there.kind === 'found') {
    if (there.value.digest === image.digest) return { kind: 'already' };
    const tag = showReference({ ...name, tag: image.tag });
    return { kind: 'conflict', message: `${tag} is ${there.value.digest}, not ${image.digest}` };
  }
  if (there.kind !== 'absent') return failed(there);
  const source = await registry.manifest(name, image.digest);
  if (source.kind !== 'found') return failed(source);
  const manifest = parseManifest(source.value.bytes, source.value.contentType);
  if (manifest.kind === 'unusable') return { kind: 'failed', message: manifest.reason };
  return { kind: 'put', manifest: { bytes: source.value.bytes, mediaType: manifest.mediaType } };
}

/** A release's tag is written once: hosts and people already trust what it stands for. */
function refuseConflicts(intended: readonly Intended[]): void {
  const conflicts = intended.flatMap(({ intent }) => (intent.kind === 'conflict' ? [intent.message] : []));
  if (conflicts.length === 0) return;
  throw new Fault('conflict', 'tags of this release already stand for other images: nothing was published', {
    expected: 'tags that are free, or that already stand for the digests of the release',
    found: conflicts.join('; '),
    cure: 'plan again for a new tag, or delete these tags if you know nobody uses them',
  });
}

async function settle(registry: Registry, { image, intent }: Intended): Promise<PublishedTag> {
  if (intent.kind !== 'put') return published(image, 'already');
  const name = parseName(image.repository);
  const put = await registry.putTag(name, image.tag, intent.manifest);
  // Read back also after a failure: the answer may have been lost after the tag was put.
  const now = await registry.manifest(name, image.tag);
  if (now.kind === 'found' && now.value.digest === image.digest) return published(image, 'put');
  if (put.kind !== 'found') return published(image, 'failed', failed(put).message);
  const found = now.kind === 'found' ? `stands for ${now.value.digest}` : `can't be read back: ${now.message}`;
  return published(image, 'failed', `put, but it ${found}`);
}

function notPut({ image, intent }: Intended): PublishedTag {
  if (intent.kind === 'already') return published(image, 'already');
  const message = intent.kind === 'failed' ? intent.message : 'not put, because another tag can not be';
  return published(image, 'failed', message);
}

function published(image: ReleaseImage, result: PublishedTag['result'], message?: string): PublishedTag {
  const reference = showReference({ ...parseName(image.repository), tag: image.tag });
  return { reference, digest: image.digest, result, ...(message === undefined ? {} : { message }) };
}

function failed(refusal: { readonly message: string; readonly cure?: string }): Intent & { readonly kind: 'failed' } {
  const { message, cure } = refusal;
  return { kind: 'failed', message: cure === undefined ? message : `${message}; ${cure}` };
}
