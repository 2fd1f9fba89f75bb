import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseImageConfig, parseManifest } from '../../../src/images/manifest.ts';

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const INDEX = 'application/vnd.oci.image.index.v1+json';
const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const entry = { mediaType: 'x', digest: `sha256:${'a'.repeat(64)}`, size: 1 };

describe('a manifest', () => {
  test.each([
    ['an index', { schemaVersion: 2, mediaType: INDEX, manifests: [] }, undefined, 'index'],
    [
      'an image that declares no type, by its Content-Type',
      { schemaVersion: 2, config: entry, layers: [] },
      IMAGE,
      'image',
    ],
    [
      'an image that declares no type and got none',
      { schemaVersion: 2, config: entry, layers: [] },
      undefined,
      'unusable',
    ],
    ['an image sent as an index', { schemaVersion: 2, config: entry, layers: [] }, INDEX, 'unusable'],
    [
      'an index and an image at once',
      { schemaVersion: 2, mediaType: INDEX, manifests: [], layers: [] },
      INDEX,
      'unusable',
    ],
    [
      'an index with a configuration',
      { schemaVersion: 2, mediaType: INDEX, manifests: [], config: entry },
      INDEX,
      'unusable',
    ],
    ['schema 1', { schemaVersion: 1, fsLayers: [] }, IMAGE, 'unusable'],
    [
      'a digest that is none',
      { schemaVersion: 2, config: { ...entry, digest: 'sha256:a' }, layers: [] },
      IMAGE,
      'unusable',
    ],
    ['a negative size', { schemaVersion: 2, config: { ...entry, size: -1 }, layers: [] }, IMAGE, 'unusable'],
  ])('%s', (_name, document, contentType, kind) => {
    expect(parseManifest(bytes(document), contentType).kind).toBe(kind);
  });

  test('of any bytes is never an exception', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (noise) => {
          expect(parseManifest(noise, IMAGE).kind).toBe('unusable');
          expect(typeof parseImageConfig(noise)).toBe('string');
        },
      ),
    );
  });
});

test("a configuration's nulls and omissions are the same", () => {
  const bare = { os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [] } };
  const nulls = {
    User: null,
    Env: null,
    Entrypoint: null,
    Cmd: null,
    Healthcheck: null,
    ExposedPorts: null,
    Labels: null,
  };
  const read = parseImageConfig(bytes({ ...bare, variant: '', config: nulls }));
  expect(read).toEqual(parseImageConfig(bytes(bare)));
  expect(read).toMatchObject({ platform: 'linux/amd64', user: '', command: [], labels: {} });
});
