// Manifests and image configurations as registries hold them: OCI and Docker schema 2, parsed once into one shape.
import * as z from 'zod';
import { digestSchema, type Digest } from './reference.ts';

export const MEDIA_TYPES = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

const INDEX_TYPES: readonly string[] = [MEDIA_TYPES.ociIndex, MEDIA_TYPES.dockerList];
const IMAGE_TYPES: readonly string[] = [MEDIA_TYPES.ociManifest, MEDIA_TYPES.dockerManifest];

const platformSchema = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().nullish(),
});

const descriptorSchema = z.looseObject({
  mediaType: z.string(),
  digest: digestSchema,
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).nullish(),
  platform: platformSchema.nullish(),
});
export type Descriptor = Readonly<z.infer<typeof descriptorSchema>>;

const documentSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z.array(descriptorSchema).optional(),
  config: descriptorSchema.optional(),
  layers: z.array(descriptorSchema).optional(),
});

export type Manifest =
  | { readonly kind: 'index'; readonly mediaType: string; readonly manifests: readonly Descriptor[] }
  | {
      readonly kind: 'image';
      readonly mediaType: string;
      readonly config: Descriptor;
      readonly layers: readonly Descriptor[];
    };

export type ParsedManifest = Manifest | { readonly kind: 'unusable'; readonly reason: string };

/**
 * Parses a manifest's bytes. What it is comes from the bytes, which the digest covers, and not from the Content-Type,
 * which it does not; one that is an index and an image at once is refused
 * (https://github.com/opencontainers/distribution-spec/security/advisories/GHSA-mc8v-mgrf-8f4m).
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): ParsedManifest {
  const parsed = documentSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return unusable(`not a manifest: ${z.prettifyError(parsed.error)}`);
  const { manifests, config, layers } = parsed.data;
  if (manifests !== undefined && (config !== undefined || layers !== undefined)) {
    return unusable('it claims to be an index and an image at once');
  }
  const declared = parsed.data.mediaType ?? contentType;
  if (manifests !== undefined) return typed({ kind: 'index', manifests }, declared, INDEX_TYPES);
  if (config === undefined || layers === undefined) return unusable('it has neither manifests nor config and layers');
  return typed({ kind: 'image', config, layers }, declared, IMAGE_TYPES);
}

/** The media type the bytes themselves declare; undefined when they declare none or are no manifest at all. */
export function declaredMediaType(bytes: Uint8Array): string | undefined {
  const parsed = z.looseObject({ mediaType: z.string() }).safeParse(parseJson(bytes));
  return parsed.success ? parsed.data.mediaType : undefined;
}

export function isIndexType(mediaType: string): boolean {
  return INDEX_TYPES.includes(mediaType);
}

/** `linux/amd64`, `linux/arm/v7`. */
export function showPlatform(platform: Descriptor['platform']): string {
  if (platform === undefined || platform === null) return 'no platform';
  const { os, architecture, variant } = platform;
  return [os, architecture, variant].filter((part) => typeof part === 'string' && part !== '').join('/');
}

/** The child an attestation is about, when the entry is one: told by BuildKit's annotation, since unknown/unknown alone proves nothing. */
export function attestationSubject(entry: Descriptor): Digest | 'nothing' | undefined {
  if (entry.annotations?.['vnd.docker.reference.type'] === undefined) return undefined;
  const subject = digestSchema.safeParse(entry.annotations['vnd.docker.reference.digest']);
  return subject.success ? subject.data : 'nothing';
}

/** Layers a registry need not hold: they are fetched from the addresses in their descriptor. */
export function isForeignLayer(layer: Descriptor): boolean {
  return /\.foreign\.|\.nondistributable\./.test(layer.mediaType);
}

const texts = z.array(z.string()).nullish();

const imageConfigSchema = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().nullish(),
  rootfs: z.looseObject({ diff_ids: z.array(z.string()) }),
  config: z
    .looseObject({
      User: z.string().nullish(),
      Env: texts,
      Entrypoint: texts,
      Cmd: texts,
      Healthcheck: z.looseObject({ Test: texts }).nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
});

/** What the image checks compare: the configuration with Go's nulls and omissions made equal. */
export interface ImageConfig {
  readonly platform: string;
  /** Uncompressed layers it names. */
  readonly layers: number;
  readonly user: string;
  readonly environment: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
  /** `8080/tcp`, sorted. */
  readonly exposedPorts: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Parses a configuration blob; a text says why it is not one. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig | string {
  const parsed = imageConfigSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return `not an image configuration: ${z.prettifyError(parsed.error)}`;
  const { rootfs, config } = parsed.data;
  return {
    platform: showPlatform(parsed.data),
    layers: rootfs.diff_ids.length,
    user: config?.User ?? '',
    environment: config?.Env ?? [],
    entrypoint: config?.Entrypoint ?? [],
    command: config?.Cmd ?? [],
    healthcheck: config?.Healthcheck?.Test ?? [],
    exposedPorts: Object.keys(config?.ExposedPorts ?? {}).toSorted(),
    labels: config?.Labels ?? {},
  };
}

type Untyped =
  | { readonly kind: 'index'; readonly manifests: readonly Descriptor[] }
  | { readonly kind: 'image'; readonly config: Descriptor; readonly layers: readonly Descriptor[] };

function typed(content: Untyped, declared: string | undefined, known: readonly string[]): ParsedManifest {
  if (declared !== undefined && known.includes(declared)) return { ...content, mediaType: declared };
  return unusable(`an ${content.kind} by its content, but its media type is ${declared ?? 'missing'}`);
}

function unusable(reason: string): ParsedManifest {
  return { kind: 'unusable', reason };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
