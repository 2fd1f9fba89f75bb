// Verify: proves for every image of a release that the registry holds it whole and that it is what the plan asked for.
import type { Check } from '../documents/findings.ts';
import type { Release, ReleaseImage } from '../documents/release.ts';
import type { Verdict, Verification, VerifiedImage } from '../documents/verification.ts';
import { parseName, showReference } from '../images/reference.ts';
import type { ImageSource } from '../images/source.ts';
import { walkImage, type Walk } from '../images/walk.ts';
import { openRegistry } from '../registry/registry.ts';
import { makeSlots } from '../registry/slots.ts';
import { isoTime } from '../world/clock.ts';
import type { World } from '../world/world.ts';

export interface VerifyRequest {
  readonly release: Release;
  /** Also ask whether each image's published tag still stands for the release's digest. */
  readonly tags?: boolean | undefined;
  /** Milliseconds for the whole verification. */
  readonly deadlineMs?: number | undefined;
  /** Requests at once. */
  readonly concurrency?: number | undefined;
  readonly insecureHosts?: readonly string[] | undefined;
}

/** Images walked at once; what each asks is bounded by the registry client. */
const IMAGES_AT_ONCE = 16;
/** From bad to good. What is proven goes before what could not be seen: it is the surer reason not to go on. */
const GRAVITY: readonly Verdict[] = ['absent', 'moved', 'wrong', 'auth', 'unknown', 'present'];

/** Asks the registry about every image of the release; what it answers is a verdict, never an exception. */
export async function verify(world: World, request: VerifyRequest): Promise<Verification> {
  const { release } = request;
  const began = world.clock.monotonic();
  const registry = openRegistry(world, { ...request, actions: 'pull' });
  const slots = makeSlots(IMAGES_AT_ONCE);
  world.log.step(`verifying ${release.images.length} images of ${release.tag}`);
  const seen = await Promise.all(
    release.images.map((image) => slots.use(() => verifyImage(registry, image, request.tags === true))),
  );
  const images = seen.map((image) => withSharedDigests(image, release.images));
  return {
    schema: 'rollout/verification',
    version: 1,
    createdAt: isoTime(world.clock.now()),
    tag: release.tag,
    verdict: worst(images.map(({ verdict }) => verdict)),
    requests: registry.requests(),
    durationMs: Math.round(world.clock.monotonic() - began),
    images,
  };
}

function worst(verdicts: readonly Verdict[]): Verdict {
  return GRAVITY.find((verdict) => verdicts.includes(verdict)) ?? 'present';
}

async function verifyImage(source: ImageSource, image: ReleaseImage, tags: boolean): Promise<VerifiedImage> {
  const name = parseName(image.repository);
  const { target, digest } = { target: image.name, digest: image.digest };
  const identity = { target, digest, reference: showReference({ ...name, digest }) };
  const walk = await walkImage(source, { name, digest, expected: image.expected });
  const walked: VerifiedImage = { ...identity, ...judge(walk) };
  if (!tags || walked.verdict !== 'present') return walked;
  return { ...walked, ...(await judgeTag(source, image)) };
}

type Judgement = Omit<VerifiedImage, 'target' | 'digest' | 'reference'>;

function judge(walk: Walk): Judgement {
  switch (walk.kind) {
    case 'seen':
      return { ...judgeChecks(walk.walked.checks), ...walk.walked };
    case 'wrong':
      return judgeChecks([walk.check]);
    case 'absent':
    case 'auth':
    case 'unknown':
      return { verdict: walk.kind, message: withCure(walk), checks: [] };
  }
}

function judgeChecks(checks: readonly Check[]): Judgement {
  const failed = checks.filter(({ verdict }) => verdict === 'fail');
  if (failed.length === 0) return { verdict: 'present', message: 'whole, and as planned', checks: [...checks] };
  const told = failed.map(({ rule, message, expected, got }) => `${rule} ${message}: expected ${expected}, got ${got}`);
  return { verdict: 'wrong', message: told.join('; '), checks: [...checks] };
}

async function judgeTag(
  source: ImageSource,
  image: ReleaseImage,
): Promise<Pick<VerifiedImage, 'verdict' | 'message'> | undefined> {
  const name = parseName(image.repository);
  const answer = await source.manifest(name, image.tag);
  if (answer.kind !== 'found') return { verdict: answer.kind, message: withCure(answer) };
  if (answer.value.digest === image.digest) return undefined;
  const tag = showReference({ ...name, tag: image.tag });
  return { verdict: 'moved', message: `${tag} expected at ${image.digest}, got ${answer.value.digest}` };
}

function withCure(refusal: { readonly message: string; readonly cure?: string }): string {
  return refusal.cure === undefined ? refusal.message : `${refusal.message}; ${refusal.cure}`;
}

/** I12: two services, or one service's variants for two machines, that are the very same image are a mix-up in the build. */
function withSharedDigests(verified: VerifiedImage, images: readonly ReleaseImage[]): VerifiedImage {
  const own = images.find(({ name }) => name === verified.target);
  if (own?.kind !== 'service' || verified.verdict !== 'present') return verified;
  const twins = images.filter(
    ({ kind, name, digest }) => kind === 'service' && name !== own.name && digest === own.digest,
  );
  if (twins.length === 0) return verified;
  const check: Check = {
    rule: 'I12',
    verdict: 'fail',
    where: verified.reference,
    message: 'different images of the release have one digest',
    expected: `a digest of its own for ${own.name}`,
    got: `that of ${twins.map(({ name }) => name).join(', ')} too`,
    cure: 'look for a build context, Dockerfile or argument that two services share by mistake',
  };
  return { ...verified, ...judgeChecks([...verified.checks, check]) };
}
