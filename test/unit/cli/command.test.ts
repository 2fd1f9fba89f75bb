import { describe, expect, test } from 'vitest';
import { parseFlags, writeOutput } from '../../../src/cli/command.ts';
import { readDocument } from '../../../src/cli/read-document.ts';
import { planSchema } from '../../../src/documents/plan.ts';
import { fakeWorld } from '../../fakes/world.ts';

const HELP = 'usage: rollout build --plan FILE\n\nlong help';
const OPTIONS = {
  plan: { type: 'string' },
  output: { type: 'string' },
  'build-arg': { type: 'string', multiple: true },
  'no-cache': { type: 'boolean' },
} as const;
const parse = (...args: string[]) => parseFlags(args, OPTIONS, HELP);
function usage(what: string, cure: string): unknown {
  return expect.objectContaining({ code: 'usage', message: what, detail: expect.objectContaining({ cure }) });
}

describe('a command line', () => {
  test('is read', () => {
    const flags = parse(
      '--plan',
      '-',
      '--build-arg',
      'A=',
      '--build-arg=B=--x',
      '--no-cache',
      '--output=a',
      '--output=b',
    );
    expect(flags.text('plan')).toBe('-');
    expect(flags.texts('build-arg')).toEqual(['A=', 'B=--x']);
    expect(flags.on('no-cache')).toBe(true);
    expect(flags.text('output')).toBe('b');
  });

  const seeHelp = 'rollout build --help tells the flags';
  const stray = (word: string): string => `rollout build does not know what to do with ${word}`;
  const unknown = (flag: string): string => `rollout build has no flag ${flag}`;
  test.each([
    [['plan.json'], stray('plan.json'), 'did you mean --plan plan.json?'],
    [['out/plan.json'], stray('out/plan.json'), 'did you mean --plan out/plan.json?'],
    [['--plan', 'p', 'output'], stray('output'), 'did you mean --output?'],
    [['ouput'], stray('ouput'), 'did you mean --output?'],
    [['everything'], stray('everything'), seeHelp],
    [['--outptu', 'x'], unknown('--outptu'), 'did you mean --output?'],
    [['--outptu=x'], unknown('--outptu'), 'did you mean --output?'],
    [['-output', 'x'], unknown('-output'), 'did you mean --output?'],
    [['--whatever-this-is'], unknown('--whatever-this-is'), seeHelp],
    [['--constructor'], unknown('--constructor'), seeHelp],
    [['--plan'], '--plan needs a value', seeHelp],
    [['--plan', ''], '--plan needs a value', seeHelp],
    [['--plan='], '--plan needs a value', seeHelp],
    [['--plan', '--output'], '--plan needs a value', '--plan=--output where that is the value'],
    [['--no-cache=yes'], '--no-cache takes no value', 'write --no-cache to turn it on, leave it out for off'],
  ])('%j is refused with one line of cure', (args, what, cure) => {
    expect(() => parse(...args)).toThrow(usage(what, cure));
  });

  test('a word is taken where one is known, and no second one', () => {
    expect(parseFlags(['here'], OPTIONS, HELP, ['DIR']).rest).toEqual(['here']);
    expect(() => parseFlags(['here', 'there'], OPTIONS, HELP, ['DIR'])).toThrow(usage(stray('there'), seeHelp));
  });

  test('a list that names nothing is no list of everything', () => {
    expect(parse('--build-arg', ' a, b ,').list('build-arg')).toEqual(['a', 'b']);
    for (const empty of [',', ' ', ' , ']) {
      expect(() => parse('--build-arg', empty).list('build-arg')).toThrow(usage('--build-arg needs a value', seeHelp));
    }
  });

  test('a choice is one of those that are known', () => {
    const parseFormat = (...args: string[]) => parseFlags(args, { format: { type: 'string' } }, HELP);
    expect(parseFormat().choice('format', ['text', 'json'])).toBe('text');
    expect(parseFormat('--format', 'json').choice('format', ['text', 'json'])).toBe('json');
    expect(() => parseFormat('--format', 'jsno').choice('format', ['text', 'json'])).toThrow(
      usage('--format jsno is not known', 'did you mean --format json?'),
    );
  });

  test('a number is whole and within what a wait may be', () => {
    const parseNumber = (value: string) => parseFlags(['--soak-ms', value], { 'soak-ms': { type: 'string' } }, HELP);
    const range = { least: 0, most: 1_000 };
    expect(parseNumber('1000').number('soak-ms', range)).toBe(1_000);
    for (const off of ['1001', '1e2', '0x10', '1.5', 'ten']) {
      expect(() => parseNumber(off).number('soak-ms', range)).toThrow(
        expect.objectContaining({
          code: 'usage',
          detail: expect.objectContaining({ expected: '0 to 1000, in digits' }),
        }),
      );
    }
  });

  test('a missing document is told with the command that writes it', () => {
    const cure = 'name the document that this writes: rollout plan --output plan.json';
    expect(() => parse().required('plan')).toThrow(usage('--plan is missing', cure));
    expect(() => parse().required('machine')).toThrow(usage('--machine is missing', seeHelp));
  });
});

test('a file that is not there is told with the command that writes it', async () => {
  await expect(readDocument(fakeWorld(), planSchema, 'plan.json')).rejects.toMatchObject({
    code: 'document',
    detail: { where: 'plan.json', cure: 'name the document that this writes: rollout plan --output plan.json' },
  });
});

// The files are those of a fake: as root, a rename over a device of this machine would be no test but harm.
describe('a document', () => {
  test('is put in the place of a file', async () => {
    const world = fakeWorld();
    await writeOutput(world, 'text', 'plan.json');
    expect(world.disk.get('plan.json')).toBe('text');
  });

  test('is written through a device, never put in its place', async () => {
    const world = fakeWorld();
    await writeOutput(world, 'text', '/dev/null');
    await expect(writeOutput(world, 'text', '/dev/full')).rejects.toMatchObject({
      code: 'host',
      detail: { where: '/dev/full', found: 'none' },
    });
    expect([...world.disk.keys()]).toEqual([]);
  });
});
