// The walk: from an image's digest through every manifest and blob it needs, so that "it was pushed" is proven and not believed.
import type { Check } from '../documents/findings.ts';
import type { ExpectedImage } from '../documents/plan.ts';
import { checkImageConfig, platformCheck, structureFailure } from './checks.ts';
import {
  attestationSubject,
  isForeignLayer,
  isIndexType,
  parseImageConfig,
  parseManifest,
  showPlatform,
  type Descriptor,
  type ImageConfig,
  type Manifest,
} from './manifest.ts';
import { showReference, type Digest, type ImageName } from './reference.ts';
import type { Answer, ImageSource, Refusal } from './source.ts';

export interface Walked {
  readonly platformDigest: Digest;
  readonly configDigest: Digest;
  readonly layers: number;
  /** Compressed bytes of all layers. */
  readonly bytes: number;
  readonly checks: readonly Check[];
}

/** `seen` is all that a digest led to; `wrong` that the manifests contradict the expectation before the configuration could be read. */
export type Walk =
  { readonly kind: 'seen'; readonly walked: Walked } | { readonly kind: 'wrong'; readonly check: Check } | Refusal;

export interface WalkRequest {
  readonly name: ImageName;
  readonly digest: Digest;
  readonly expected: ExpectedImage;
}

type Image = Extract<Manifest, { kind: 'image' }>;
type Index = Extract<Manifest, { kind: 'index' }>;

/** What a step came to: go on with the value, or end the walk with it. */
type Step<T> = { readonly kind: 'found'; readonly value: T } | Exclude<Walk, { kind: 'seen' }>;

/** Walks digest → platform child → configuration and layers, and checks the configuration. Never throws for what a registry answers. */
export async function walkImage(source: ImageSource, request: WalkRequest): Promise<Walk> {
  const root = await readManifest(source, request.name, request.digest);
  if (root.kind !== 'found') return root;
  if (root.value.kind === 'image') return walkPlatform(source, request, { digest: request.digest, image: root.value });
  const children = chooseChild(request, root.value);
  if (children.kind !== 'found') return children;
  const [child, ...attestations] = await Promise.all([
    readChild(source, request.name, children.value.runnable),
    ...children.value.attestations.map((entry) => readChild(source, request.name, entry)),
  ]);
  const broken = worstOf([child, ...attestations]);
  if (broken !== undefined) return broken;
  if (child.kind !== 'found') return child;
  return walkPlatform(source, request, { digest: children.value.runnable.digest, image: child.value });
}

/** absent and wrong are proven, so they go before auth and unknown, which only say that something could not be seen. */
const GRAVITY = ['absent', 'wrong', 'auth', 'unknown'] as const;

function worstOf(steps: readonly Step<unknown>[]): Exclude<Walk, { kind: 'seen' }> | undefined {
  const broken = steps.flatMap((step) => (step.kind === 'found' ? [] : [step]));
  const kind = GRAVITY.find((candidate) => broken.some((step) => step.kind === candidate));
  const worst = broken.filter((step) => step.kind === kind);
  const [first] = worst;
  if (first === undefined || first.kind === 'wrong') return first;
  const messages = worst.flatMap((step) => (step.kind === 'wrong' ? [] : [step.message]));
  return { ...first, message: messages.join('; ') };
}

async function readManifest(source: ImageSource, name: ImageName, digest: Digest): Promise<Step<Manifest>> {
  const answer = await source.manifest(name, digest);
  if (answer.kind !== 'found') return answer;
  const manifest = parseManifest(answer.value.bytes, answer.value.contentType);
  if (manifest.kind !== 'unusable') return { kind: 'found', value: manifest };
  const where = showReference({ ...name, digest });
  return { kind: 'wrong', check: structureFailure(where, 'an OCI or Docker manifest', manifest.reason) };
}

interface Children {
  readonly runnable: Descriptor;
  readonly attestations: readonly Descriptor[];
}

function chooseChild(request: WalkRequest, index: Index): Step<Children> {
  const where = showReference({ ...request.name, digest: request.digest });
  const wrong = (expected: string, got: string): Step<Children> => ({
    kind: 'wrong',
    check: structureFailure(where, expected, got),
  });
  const nested = index.manifests.find((entry) => isIndexType(entry.mediaType));
  if (nested !== undefined) return wrong('an index of images', `an index inside it (${nested.digest}): nested`);
  const runnable = index.manifests.filter((entry) => attestationSubject(entry) === undefined);
  const platforms = runnable.map((entry) => showPlatform(entry.platform)).join(', ') || 'no runnable image';
  const [only] = runnable;
  if (only === undefined || platforms !== request.expected.platform) {
    return { kind: 'wrong', check: platformCheck(where, request.expected.platform, platforms) };
  }
  const attestations = index.manifests.filter((entry) => attestationSubject(entry) !== undefined);
  const stray = attestations.find((entry) => attestationSubject(entry) !== only.digest);
  if (stray === undefined) return { kind: 'found', value: { runnable: only, attestations } };
  return wrong(`attestations of ${only.digest}`, `one of ${attestationSubject(stray) ?? 'nothing'}`);
}

async function readChild(source: ImageSource, name: ImageName, entry: Descriptor): Promise<Step<Image>> {
  const where = showReference({ ...name, digest: entry.digest });
  const wrong = (expected: string, got: string): Step<Image> => ({
    kind: 'wrong',
    check: structureFailure(where, expected, got),
  });
  const answer = await source.manifest(name, entry.digest);
  if (answer.kind !== 'found') return answer;
  const { bytes, contentType } = answer.value;
  if (bytes.byteLength !== entry.size) return wrong(`${entry.size} bytes`, `${bytes.byteLength} bytes`);
  const manifest = parseManifest(bytes, contentType);
  if (manifest.kind !== 'image') {
    return wrong('the manifest of an image', manifest.kind === 'index' ? 'an index' : manifest.reason);
  }
  if (manifest.mediaType !== entry.mediaType) return wrong(entry.mediaType, manifest.mediaType);
  return { kind: 'found', value: manifest };
}

interface PlatformManifest {
  readonly digest: Digest;
  readonly image: Image;
}

async function walkPlatform(source: ImageSource, request: WalkRequest, platform: PlatformManifest): Promise<Walk> {
  const { config: descriptor, layers } = platform.image;
  const [config, ...blobs] = await Promise.all([
    readConfig(source, request.name, platform.image),
    ...layersToAsk(layers).map((layer) => source.hasBlob(request.name, layer)),
  ]);
  const broken = worstOf([config, ...blobs]);
  if (broken !== undefined) return broken;
  if (config.kind !== 'found') return config;
  const where = showReference({ ...request.name, digest: request.digest });
  const checks = [
    platformCheck(where, request.expected.platform, config.value.platform),
    ...checkImageConfig(where, request.expected, config.value),
  ];
  const bytes = layers.reduce((sum, layer) => sum + layer.size, 0);
  const { digest: platformDigest } = platform;
  return {
    kind: 'seen',
    walked: { platformDigest, configDigest: descriptor.digest, layers: layers.length, bytes, checks },
  };
}

/** A layer that stands twice in a manifest is asked for once. */
function layersToAsk(layers: readonly Descriptor[]): readonly Descriptor[] {
  const own = layers.filter((layer) => !isForeignLayer(layer));
  return [...new Map(own.map((layer) => [layer.digest, layer])).values()];
}

async function readConfig(source: ImageSource, name: ImageName, image: Image): Promise<Step<ImageConfig>> {
  const { config: descriptor, layers } = image;
  const answer: Answer<Uint8Array> = await source.blob(name, descriptor);
  if (answer.kind !== 'found') return answer;
  const config = parseImageConfig(answer.value);
  const where = showReference({ ...name, digest: descriptor.digest });
  if (typeof config === 'string') {
    return { kind: 'wrong', check: structureFailure(where, 'the configuration of an image', config) };
  }
  if (config.layers === layers.length) return { kind: 'found', value: config };
  const [expected, got] = [`${layers.length} layers, as in the manifest`, `${config.layers} layers`];
  return { kind: 'wrong', check: structureFailure(where, expected, got) };
}
