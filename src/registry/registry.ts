// The registry client: what is there, what it hashes to, and putting a tag; every answer typed, no header believed over bytes.
import { digestOf } from '../images/digest.ts';
import { declaredMediaType, MEDIA_TYPES } from '../images/manifest.ts';
import { digestSchema, type ImageName } from '../images/reference.ts';
import type { Answer, BlobDescriptor, ImageSource, ManifestBytes } from '../images/source.ts';
import type { World } from '../world/world.ts';
import { doubtful, settled, type Attempt } from './attempt.ts';
import { makeBudget, type RegistryOptions } from './budget.ts';
import { makeExchange, type Exchange, type Reply } from './exchange.ts';
import { persist } from './persist.ts';

export interface ManifestToPut {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export interface Registry extends ImageSource {
  /** Puts a manifest's bytes under a tag. */
  putTag(image: ImageName, tag: string, manifest: ManifestToPut): Promise<Answer<undefined>>;
  /** Starts an upload and cancels it: whether this login may push there, known before a long build. Needs `pull,push`. */
  canPush(image: ImageName): Promise<Answer<undefined>>;
  /** Requests sent so far, tokens and repetitions included. */
  requests(): number;
}

const MANIFEST_BYTES = 4 * 1024 * 1024;
const SMALL_BLOB_BYTES = 4 * 1024 * 1024;
const ERROR_BYTES = 64 * 1024;
/**
 * Refusals whose meaning stands in the body, which an answer to HEAD lacks: a 404 may be a proxy's, a 403 a rate limit
 * or an address that was signed for GET alone. One byte is asked for instead.
 */
const NEEDS_ITS_BODY = [400, 403, 404, 405];
/** All four: ghcr.io says MANIFEST_UNKNOWN for an index that is there when Accept lacks its type. */
const ACCEPT_MANIFESTS = { accept: Object.values(MEDIA_TYPES).join(', ') };

/** Opens a client with one budget of time and requests for all that is asked through it. Throws only Fault `aborted`. */
export function openRegistry(world: World, options: RegistryOptions): Registry {
  const budget = makeBudget(world, options);
  const exchange = makeExchange(world, options.actions, budget);
  const ask = <T>(attempt: () => Promise<Attempt<T>>): Promise<Answer<T>> => persist(world, budget, attempt);
  return {
    manifest: (image, reference) => ask(() => getManifest(exchange, image, reference)),
    hasBlob: (image, blob) => ask(() => headBlob(exchange, image, blob)),
    blob: (image, blob) => ask(() => getBlob(exchange, image, blob)),
    putTag: (image, tag, manifest) => ask(() => putManifest(exchange, { image, tag, manifest })),
    canPush: (image) => ask(() => startUpload(exchange, image)),
    requests: () => budget.requests(),
  };
}

/** GET and not HEAD, also for a tag: the same round trip, and bytes prove the digest where a header only claims it. */
async function getManifest(exchange: Exchange, image: ImageName, reference: string): Promise<Attempt<ManifestBytes>> {
  const path = `manifests/${reference}`;
  const bound = { maxBytes: MANIFEST_BYTES, headers: ACCEPT_MANIFESTS };
  const reply = await exchange({ image, path, method: 'GET', ...bound });
  if (reply.kind !== 'settled') return reply;
  const { answer, url } = reply.value;
  if (answer.status !== 200) return reply.value.refusal();
  const digest = digestOf(answer.body);
  if (digestSchema.safeParse(reference).success && digest !== reference) {
    return doubtful(`${url}: its ${answer.body.byteLength} bytes hash to ${digest}`);
  }
  const contentType = answer.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  const declared = declaredMediaType(answer.body);
  // Clients decide by the header how to read a manifest, so a wrong one breaks pulls although the bytes are right.
  if (contentType !== undefined && declared !== undefined && contentType !== declared) {
    return doubtful(`${url}: sent as ${contentType}, and its bytes say ${declared}`);
  }
  return settled({ bytes: answer.body, digest, contentType });
}

async function headBlob(exchange: Exchange, image: ImageName, blob: BlobDescriptor): Promise<Attempt<undefined>> {
  const path = `blobs/${blob.digest}`;
  const reply = await exchange({ image, path, method: 'HEAD', maxBytes: ERROR_BYTES });
  if (reply.kind !== 'settled') return reply;
  const { answer } = reply.value;
  if (answer.status === 200) return promised(reply.value, blob, answer.headers['content-length']);
  if (!NEEDS_ITS_BODY.includes(answer.status)) return reply.value.refusal();
  const range = { headers: { range: 'bytes=0-0' }, maxBytes: ERROR_BYTES };
  const second = await exchange({ image, path, method: 'GET', ...range });
  if (second.kind !== 'settled') return second;
  const { status, headers } = second.value.answer;
  if (status !== 200 && status !== 206) return second.value.refusal();
  if (answer.status === 404) return doubtful(`${second.value.url}: HEAD says 404, GET says ${status}`);
  return promised(second.value, blob, headers['content-range']?.split('/')[1] ?? headers['content-length']);
}

function promised(reply: Reply, blob: BlobDescriptor, size: string | undefined): Attempt<undefined> {
  const claimed = reply.elsewhere ? undefined : reply.answer.headers['docker-content-digest'];
  if (claimed !== undefined && claimed !== blob.digest) return doubtful(`${reply.url}: it says that is ${claimed}`);
  if (size === undefined || size === '*' || Number(size) === blob.size) return settled(undefined);
  return doubtful(`${reply.url}: ${size} bytes, and the manifest promises ${blob.size}`);
}

async function getBlob(exchange: Exchange, image: ImageName, blob: BlobDescriptor): Promise<Attempt<Uint8Array>> {
  const reply = await exchange({ image, path: `blobs/${blob.digest}`, method: 'GET', maxBytes: SMALL_BLOB_BYTES });
  if (reply.kind !== 'settled') return reply;
  const { answer, url } = reply.value;
  if (answer.status !== 200) return reply.value.refusal();
  const digest = digestOf(answer.body);
  if (digest === blob.digest) return settled(answer.body);
  return doubtful(`${url}: its ${answer.body.byteLength} bytes hash to ${digest}`);
}

interface Put {
  readonly image: ImageName;
  readonly tag: string;
  readonly manifest: ManifestToPut;
}

async function putManifest(exchange: Exchange, { image, tag, manifest }: Put): Promise<Attempt<undefined>> {
  const reply = await exchange({
    image,
    path: `manifests/${tag}`,
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: manifest.bytes,
    maxBytes: ERROR_BYTES,
  });
  if (reply.kind !== 'settled') return reply;
  return reply.value.answer.status === 201 ? settled(undefined) : reply.value.refusal();
}

async function startUpload(exchange: Exchange, image: ImageName): Promise<Attempt<undefined>> {
  const reply = await exchange({ image, path: 'blobs/uploads/', method: 'POST', maxBytes: ERROR_BYTES });
  if (reply.kind !== 'settled') return reply;
  const { answer, url } = reply.value;
  if (answer.status !== 202) return reply.value.refusal();
  const { location } = answer.headers;
  // Registries drop an upload that nobody finishes, so a cancel that fails changes nothing about the answer.
  const upload = location === undefined || !URL.canParse(location, url) ? undefined : new URL(location, url);
  if (upload?.origin === new URL(url).origin) {
    await exchange({ image, path: upload.href, method: 'DELETE', maxBytes: ERROR_BYTES });
  }
  return settled(undefined);
}
