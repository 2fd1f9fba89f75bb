import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { parseDigest, parseName, parseReference, showReference } from '../../../src/images/reference.ts';

const hex = 'a'.repeat(64);

describe('an image reference', () => {
  test.each([
    ['python', { host: 'docker.io', path: 'library/python', tag: undefined, digest: undefined }],
    ['acme/x:1', { host: 'docker.io', path: 'acme/x', tag: '1', digest: undefined }],
    ['ghcr.io/acme/fleet/x', { host: 'ghcr.io', path: 'acme/fleet/x', tag: undefined, digest: undefined }],
    ['10.0.0.1:5000/x:v1', { host: '10.0.0.1:5000', path: 'x', tag: 'v1', digest: undefined }],
    ['localhost/x', { host: 'localhost', path: 'x', tag: undefined, digest: undefined }],
    [`ghcr.io/a/b:t@sha256:${hex}`, { host: 'ghcr.io', path: 'a/b', tag: 't', digest: `sha256:${hex}` }],
  ])('%s is taken apart', (text, parts) => {
    expect(parseReference(text)).toEqual(parts);
  });

  test.each([
    '',
    'ghcr.io/Acme/x',
    'x:',
    'x:-bad',
    'x@sha256:abc',
    `x@sha256:${hex.toUpperCase()}`,
    'x@y@z',
    'a//b',
    'x:2025-08-11T10:00',
  ])('%j is refused as input', (text) => {
    expect(() => parseReference(text)).toThrow(Fault);
  });

  test('is shown with its host, and parses to itself again', () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/), { nil: undefined });
    fc.assert(
      fc.property(fc.array(name, { minLength: 2, maxLength: 4 }), tag, fc.boolean(), (path, tagText, digested) => {
        const digest = digested ? parseDigest(`sha256:${hex}`) : undefined;
        const reference = { host: 'ghcr.io', path: path.join('/'), tag: tagText, digest };
        expect(parseReference(showReference(reference))).toEqual(reference);
      }),
    );
  });

  test('a name has neither tag nor digest', () => {
    expect(parseName('ghcr.io/acme/x')).toEqual({ host: 'ghcr.io', path: 'acme/x' });
    expect(() => parseName('ghcr.io/acme/x:1')).toThrow(Fault);
  });
});
