// Locks in pip's format: entries, options and lines that are neither, each with its place.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizeName, parseLock } from '../../../src/images/lock.ts';

describe('an entry', () => {
  test('spans its continued lines, and each hash has its own', () => {
    const { entries } = parseLock(
      '# by a tool\nTorch_Audio[cuda,x]==2.1.0+cu121 ; python_version < "3.12" \\\n    --hash=sha256:aa \\\n    --hash=sha512:bb  # via x\n',
    );
    expect(entries).toEqual([
      {
        ...{ line: 2, endLine: 4, column: 1, name: 'torch-audio', version: '2.1.0+cu121', extras: ['cuda', 'x'] },
        ...{
          written: 'Torch_Audio[cuda,x]==2.1.0+cu121',
          marker: 'python_version < "3.12"',
          url: undefined,
          editable: false,
        },
        hashes: [
          { algorithm: 'sha256', value: 'aa', line: 3 },
          { algorithm: 'sha512', value: 'bb', line: 4 },
        ],
      },
    ]);
  });

  test.each([
    ['a==1.0', '1.0'],
    ['a === 1.0', '1.0'],
    ['a==1.*', undefined],
    ['a>=1,<2', undefined],
    ['a~=1.4', undefined],
    ['a', undefined],
    ['a (==1.0)', undefined],
  ])('%s pins %s', (line, version) => {
    expect(parseLock(line)).toMatchObject({ problems: [], entries: [{ name: 'a', version }] });
  });

  test.each([
    ['x @ https://h/x-1-py3-none-any.whl', 'x', 'https://h/x-1-py3-none-any.whl'],
    ['https://h/y.whl#egg=y', 'y', 'https://h/y.whl#egg=y'],
    ['./wheels/z.whl', undefined, './wheels/z.whl'],
    ['git+https://h/r.git@main#egg=r', 'r', 'git+https://h/r.git@main#egg=r'],
  ])('%s has a location', (line, name, url) => {
    expect(parseLock(line)).toMatchObject({ problems: [], entries: [{ name, url, version: undefined }] });
  });

  test('can be editable', () => {
    expect(parseLock('-e ./lib\n--editable=./other').entries.map(({ editable, url }) => [editable, url])).toEqual([
      [true, './lib'],
      [true, './other'],
    ]);
  });

  test('does not go on behind a comment line, as with pip', () => {
    const { entries } = parseLock('a==1 \\\n# note\nb==2');
    expect(entries.map(({ name, line }) => [name, line])).toEqual([
      ['a', 1],
      ['b', 3],
    ]);
  });
});

test('options keep their values', () => {
  const { options } = parseLock(
    '-r base.txt\n--index-url=https://h/simple\n--require-hashes\n--find-links /w --no-index',
  );
  expect(options.map(({ name, value, line }) => [name, value, line])).toEqual([
    ['-r', 'base.txt', 1],
    ['--index-url', 'https://h/simple', 2],
    ['--require-hashes', undefined, 3],
    ['--find-links', '/w', 4],
    ['--no-index', undefined, 4],
  ]);
});

test('what is neither is a problem with its line, and the rest is read', () => {
  const lock = parseLock('a==1\nFROM python:3.11\n=== x\nb==2');
  expect(lock.problems.map(({ line, text }) => [line, text])).toEqual([
    [2, 'FROM python:3.11'],
    [3, '=== x'],
  ]);
  expect(lock.entries.map(({ name }) => name)).toEqual(['a', 'b']);
});

test('names are compared as indexes do', () => {
  expect(normalizeName('Foo__Bar.-baz')).toBe('foo-bar-baz');
});

test('any text is read, and a written pin is read back', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .array(
            fc.constantFrom(
              'a',
              '==',
              '1',
              ' ',
              '\\\n',
              '\n',
              '--hash=',
              'sha256:',
              '#',
              ';',
              '-r',
              '-',
              '[',
              ']',
              '@',
              '\r',
            ),
            { maxLength: 40 },
          )
          .map((parts) => parts.join('')),
      ),
      (text) => parseLock(text).entries.every(({ line, endLine }) => line > 0 && endLine >= line),
    ),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/),
      fc.stringMatching(/^[0-9]{1,3}(\.[0-9]{1,3}){0,2}$/),
      (name, version) => {
        expect(parseLock(`${name}==${version}`).entries).toMatchObject([{ name, version }]);
      },
    ),
  );
});

test.each([
  ['200,000 options in a line', '--a=b '.repeat(200_000), 200_000, 0],
  ['a megabyte of blanks', `a==1${' '.repeat(1_000_000)}x`, 0, 1],
  ['a megabyte of comments in a line', `a==1${' #'.repeat(500_000)}`, 0, 0],
])('%s are read', (_name, text, options, problems) => {
  const lock = parseLock(text);
  expect(lock.options).toHaveLength(options);
  expect(lock.problems).toHaveLength(problems);
});
