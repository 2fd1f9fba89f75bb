// .dockerignore: cases whose outcome was seen on BuildKit's own walk, and any text at all.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ignoreFilesOf, ignorePatterns, parseIgnore } from '../../../src/images/ignore.ts';

describe('a path is ignored', () => {
  test.each([
    ['*', 'a/b', 'by a folder above it that matches'],
    ['node_modules/', 'node_modules/a', 'by a pattern with a slash at its end'],
    ['/foo', 'foo', 'by a pattern with a slash at its beginning'],
    ['./d/../foo', 'foo', 'by a path that is not clean'],
    ['**/foo', 'foo', 'by **/ in no folder'],
    ['**/foo', 'x/y/foo', 'by **/ in any folder'],
    ['**foo', 'xfoo', 'by ** glued to a name'],
    ['foo/**', 'foo/a/b', 'by /** below a folder'],
    ['**', 'a', 'by ** alone'],
    ['[a-c]?', 'bx', 'by a class and a ?'],
    ['[^a]*', 'bc', 'by a negated class'],
    ['\\[q\\]', '[q]', 'by escaped brackets'],
    [' #hash', '#hash', 'by a # that is not in the first column'],
    ['**/*.x\n!d', 'd/f.x', 'although its folder is excepted, for the folder was never ignored'],
    ['*.md\n!README.md\nREADME*', 'README.md', 'by the last pattern that matches'],
    ['a/*/c\n!a/b/c/d', 'a/b/c/e', 'beside an excepted neighbour'],
    ['*\n!d\nd/e', 'd/e/f', 'inside an excepted folder'],
    ['\uFEFF*.md', 'a.md', 'by a file that begins with a byte order mark'],
    ['a\r\nb\r\n', 'b', 'by a file with Windows line ends'],
  ])('%j: %s %s', (text, path) => {
    expect(parseIgnore(text)(path)).toBe(true);
  });
});

describe('a path is sent', () => {
  test.each([
    ['*\n!a', 'a/b', 'below an exception'],
    ['*\n!d/e', 'd/e/f', 'by an exception deep in an ignored folder'],
    ['node_modules', 'x/node_modules/a', 'when the pattern is for the root only'],
    ['**/foo', 'xfoo', 'when only its ending is alike'],
    ['foo/**', 'foo', 'when it is the folder itself'],
    ['a?', 'a/', 'when ? would have to be a slash'],
    ['a**b', 'axb', 'when ** would have to be a part of a name'],
    ['# *', 'a', 'by a comment'],
    ['', 'a', 'by an empty file'],
    ['!a', 'a', 'by an exception to nothing'],
    ['*', '', 'when it is no path'],
    ['/', 'a', 'by a pattern for the root itself'],
  ])('%j: %j %s', (text, path) => {
    expect(parseIgnore(text)(path)).toBe(false);
  });
});

test('patterns that Docker refuses are told apart', () => {
  const refused = ignorePatterns('ok\n!\n[\n[]a]\na\\\n[a').filter(({ matches }) => matches === undefined);
  expect(refused.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6]);
});

test('the ignore file beside the Dockerfile comes before that of the context', () => {
  expect(ignoreFilesOf('api/Dockerfile', '.')).toEqual(['api/Dockerfile.dockerignore', '.dockerignore']);
});

describe('any text', () => {
  const pattern = fc
    .array(fc.constantFrom('*', '**', '?', '[', ']', '^', '-', '\\', '/', '!', '#', 'a', 'b', '.', '..', '\n', ' '), {
      maxLength: 40,
    })
    .map((parts) => parts.join(''));
  const path = fc
    .array(fc.constantFrom('a', 'b', 'ab', '.a', 'a.b', '..', ''), { maxLength: 6 })
    .map((parts) => parts.join('/'));

  test('gives an answer for any path', () => {
    fc.assert(
      fc.property(
        fc.oneof(pattern, fc.string()),
        fc.oneof(path, fc.string()),
        (text, name) => typeof parseIgnore(text)(name) === 'boolean',
      ),
      { numRuns: 3000 },
    );
  });

  test('gives it, and ends, for patterns that make a matcher by trial go on for ever', () => {
    const ignored = parseIgnore(`${'*a'.repeat(40)}b\n${'**/a'.repeat(40)}c`);
    expect(ignored('a'.repeat(2000))).toBe(false);
    expect(ignored('a/'.repeat(200))).toBe(false);
  });

  test('without a ! never sends what lies in an ignored folder', () => {
    fc.assert(
      fc.property(
        pattern.filter((text) => !text.includes('!')),
        fc.constantFrom('a', 'ab', 'b/a'),
        (text, folder) => {
          const ignored = parseIgnore(text);
          return !ignored(folder) || ignored(`${folder}/x/y`);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
