// Puts images into the registry's storage as files: there without an upload, also where no tool to push with is at hand.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export type Image = {
  readonly name: string;
  readonly tag: string;
  /** Files of the layers, tar.gz, lowest first. */
  readonly layers: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
};

type Blob = { readonly digest: string; readonly bytes: Buffer };

const MEDIA = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Writes the image where distribution's file system driver keeps its own (registry/storage/paths.go); gives its digest. */
export async function seedImage(storage: string, image: Image): Promise<string> {
  const layers = await Promise.all(image.layers.map(async (path) => toBlob(await readFile(path))));
  const config = toBlob(Buffer.from(JSON.stringify(imageConfig(image, layers))));
  const manifest = toBlob(Buffer.from(JSON.stringify(imageManifest(config, layers))));
  const root = join(storage, 'docker/registry/v2');
  const repository = join(root, 'repositories', image.name);
  const manifests = join(repository, '_manifests');
  for (const blob of [config, ...layers, manifest]) await put(blobPath(root, blob), blob.bytes);
  for (const blob of [config, ...layers]) await link(join(repository, '_layers', digestPath(blob)), blob);
  await link(join(manifests, 'revisions', digestPath(manifest)), manifest);
  await link(join(manifests, 'tags', image.tag, 'index', digestPath(manifest)), manifest);
  await link(join(manifests, 'tags', image.tag, 'current'), manifest);
  return manifest.digest;
}

function imageConfig(image: Image, layers: readonly Blob[]): Readonly<Record<string, unknown>> {
  const contents = layers.map(({ bytes }) => toBlob(gunzipSync(bytes)).digest);
  return {
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: image.config,
    rootfs: { type: 'layers', diff_ids: contents },
  };
}

function imageManifest(config: Blob, layers: readonly Blob[]): Readonly<Record<string, unknown>> {
  const describe = (mediaType: string, { digest, bytes }: Blob): Readonly<Record<string, unknown>> => ({
    mediaType,
    digest,
    size: bytes.length,
  });
  return {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: describe(MEDIA.config, config),
    layers: layers.map((layer) => describe(MEDIA.layer, layer)),
  };
}

function toBlob(bytes: Buffer): Blob {
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes };
}

function digestPath({ digest }: Blob): string {
  return digest.replace(':', '/');
}

function blobPath(root: string, { digest }: Blob): string {
  const hex = digest.replace('sha256:', '');
  return join(root, 'blobs/sha256', hex.slice(0, 2), hex, 'data');
}

function link(folder: string, { digest }: Blob): Promise<void> {
  return put(join(folder, 'link'), digest);
}

async function put(path: string, content: Buffer | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
