// Files out of archives, whole and torn.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { fileInArchive } from '../../../src/github/archive.ts';
import { archiveOf } from '../../fakes/archive.ts';

/** What Python's zipfile wrote for {"release.json": "{\"a\": 1}\n" × 40, "b.txt": "b"}. */
const FOREIGN = [
  'UEsDBBQAAAAIAPQBeF0w8c+yEAAAAGgBAAAMAAAAcmVsZWFzZS5qc29uq1ZKVLJSMKzlqh5l0JIBAFBLAwQUAAAAAAD0AXhd+e++',
  'cQEAAAABAAAABQAAAGIudHh0YlBLAQIUAxQAAAAIAPQBeF0w8c+yEAAAAGgBAAAMAAAAAAAAAAAAAACAAQAAAAByZWxlYXNlLmpz',
  'b25QSwECFAMUAAAAAAD0AXhd+e++cQEAAAABAAAABQAAAAAAAAAAAAAAgAE6AAAAYi50eHRQSwUGAAAAAAIAAgBtAAAAXgAAAAAA',
].join('');

const textOf = (archive: Uint8Array, name: string): string | undefined => {
  const bytes = fileInArchive(archive, name);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
};

describe('a file in an archive', () => {
  it.each([0, 8] as const)('comes out as it went in, packed by method %i', (method) => {
    const files = { 'a.json': '{}', 'release.json': 'ä'.repeat(5_000), 'folder/release.json': 'another' };
    const archive = archiveOf(files, method);
    for (const [name, text] of Object.entries(files)) expect(textOf(archive, name)).toBe(text);
  });

  it('comes out of an archive of another maker', () => {
    expect(textOf(Buffer.from(FOREIGN, 'base64'), 'release.json')).toBe('{"a": 1}\n'.repeat(40));
    expect(textOf(Buffer.from(FOREIGN, 'base64'), 'b.txt')).toBe('b');
  });

  it('is undefined when there is none of that name', () => {
    expect(textOf(archiveOf({ 'a.json': '{}' }), 'release.json')).toBeUndefined();
    expect(textOf(archiveOf({}), 'release.json')).toBeUndefined();
  });

  it('is read from a view into a larger buffer', () => {
    const archive = archiveOf({ 'a.json': '{}' });
    const larger = Buffer.concat([Buffer.alloc(11, 1), archive]);
    expect(textOf(new Uint8Array(larger.buffer, larger.byteOffset + 11, archive.length), 'a.json')).toBe('{}');
  });

  it('is refused with a fault when the archive is torn, whatever the bytes', () => {
    const archive = archiveOf({ 'release.json': '{"a": 1}'.repeat(50) });
    for (let length = 0; length < archive.length; length += 1) {
      expect(() => fileInArchive(archive.subarray(0, length), 'release.json')).toThrow(Fault);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(archive.length - 1), (noise, at) => {
        const broken = Buffer.concat([archive.subarray(0, at), noise, archive.subarray(at + noise.length)]);
        try {
          fileInArchive(broken, 'release.json');
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
    );
  });

  it('is refused when it unpacks to more than any release', () => {
    const bomb = archiveOf({ 'release.json': '0'.repeat(65 * 1024 * 1024) });
    expect(() => fileInArchive(bomb, 'release.json')).toThrow(Fault);
  });
});
