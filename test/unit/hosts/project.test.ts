import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../../src/hosts/difference.ts';
import { effectiveHash } from '../../../src/hosts/effective.ts';
import {
  composeFilesOf,
  wantedComposeFiles,
  withComposeFiles,
  withFormerComposeFile,
} from '../../../src/hosts/environment-file.ts';
import { maskSecrets } from '../../../src/hosts/mask.ts';
import { parsePins, showPins, withPin } from '../../../src/hosts/pins.ts';
import { judgeFile, refuseHandChanges, type FileComparison } from '../../../src/hosts/project-files.ts';
import { pinOf } from '../../fakes/deployment.ts';

describe('.env', () => {
  const files = ['compose.mainpc.yml', 'compose.rollout.yml'];

  it('gets one line and keeps every other byte', () => {
    const text = '# a comment\r\nSECRET="x=y"\nCOMPOSE_FILES=no\nLAST=1';
    expect(withComposeFiles(text, files)).toBe(`${text}\nCOMPOSE_FILE=compose.mainpc.yml:compose.rollout.yml\n`);
  });

  it('has its line replaced where it stands, and left alone when it says so already', () => {
    expect(withComposeFiles('A=1\nCOMPOSE_FILE=a.yml\nB=2\n', files)).toBe(
      'A=1\nCOMPOSE_FILE=compose.mainpc.yml:compose.rollout.yml\nB=2\n',
    );
    const quoted = 'export COMPOSE_FILE="compose.mainpc.yml:compose.rollout.yml"\n';
    expect(withComposeFiles(quoted, files)).toBe(quoted);
  });

  it('keeps a file of the host between ours, the pins last', () => {
    const text = 'COMPOSE_FILE=compose.mainpc.yml:compose.rollout.yml:compose.local.yml\n';
    expect(wantedComposeFiles(text, 'compose.mainpc.yml')).toEqual([
      'compose.mainpc.yml',
      'compose.local.yml',
      'compose.rollout.yml',
    ]);
  });

  it('that reads another fleet is a conflict', () => {
    expect(() => wantedComposeFiles('COMPOSE_FILE=docker-compose.yml\n', 'compose.mainpc.yml')).toThrow(
      expect.objectContaining({ code: 'conflict' }),
    );
  });

  it('is back to the byte after the line was written and taken back', () => {
    const line = fc
      .string({ maxLength: 20 })
      .filter((text) => !/[\r\n\u2028\u2029]/.test(text) && !text.includes('COMPOSE_FILE'));
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), (lines, has) => {
        const text = [...lines, ...(has ? ['COMPOSE_FILE=compose.mainpc.yml'] : []), 'END=1', ''].join('\n');
        const former = composeFilesOf(text)?.join(':');
        expect(withFormerComposeFile(withComposeFiles(text, files), former)).toBe(text);
      }),
    );
  });
});

describe('the pins', () => {
  it('read back as they were written', () => {
    const pins = withPin(withPin({}, 'web', pinOf('r1')), 'bus', pinOf('r2'));
    expect(parsePins(showPins(pins), 'f')).toEqual(pins);
    expect(parsePins(showPins(withPin(pins, 'web', undefined)), 'f')).toEqual({ bus: pinOf('r2') });
    expect(parsePins(showPins({}), 'f')).toEqual({});
    expect(parsePins(undefined, 'f')).toEqual({});
  });

  it('of somebody else are a conflict', () => {
    for (const text of [
      'services: { web: { image: a } }',
      'services: { web: { image: a, labels: {} } }',
      'services: 1',
    ]) {
      expect(() => parsePins(text, '/srv/compose.rollout.yml')).toThrow(expect.objectContaining({ code: 'conflict' }));
    }
  });
});

describe('a file of the project folder', () => {
  const compare = (rest: Partial<FileComparison> = {}): FileComparison => ({
    path: 'config.json',
    wanted: Buffer.from('new\n'),
    wantedHash: 'new',
    found: { bytes: Buffer.from('old\n'), hash: 'old' },
    lastWrittenHash: 'old',
    ...rest,
  });

  it.each<[string, Partial<FileComparison>, string]>([
    ['is written where there is none', { found: undefined }, 'write'],
    ['is written over what the last release wrote', {}, 'write'],
    ["is written over today's, before the first release", { lastWrittenHash: undefined }, 'write'],
    ['stays when it is the same', { found: { bytes: Buffer.from('new\n'), hash: 'new' } }, 'same'],
    ['stays when a human changed it', { lastWrittenHash: 'older' }, 'changed-by-hand'],
  ])('%s', (_fact, rest, verdict) => {
    expect(judgeFile(compare(rest))).toBe(verdict);
  });

  it('that a human changed is refused with a diff of what would be lost', () => {
    expect(() => refuseHandChanges([compare(), compare({ lastWrittenHash: 'older' })], '/srv/ai')).toThrow(
      expect.objectContaining({
        code: 'conflict',
        detail: expect.objectContaining({
          where: '/srv/ai/config.json',
          found: expect.stringMatching(/^-old\n\+new$/m),
        }),
      }),
    );
  });
});

describe('the difference', () => {
  it('is nothing for equal texts and shows changed lines with their surroundings', () => {
    expect(unifiedDiff('a\n', 'a\n', { before: 'x', after: 'y' })).toBe('');
    const before = [1, 2, 3, 4, 5, 6, 7, 8, 9].join('\n');
    const after = before.replace('5', 'five');
    expect(unifiedDiff(before, after, { before: 'x', after: 'y' })).toBe(
      ['--- x', '+++ y', '@@', ' 2', ' 3', ' 4', '-5', '+five', ' 6', ' 7', ' 8'].join('\n'),
    );
  });

  it('turns the one text into the other', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const edits = unifiedDiff(before, after, { before: 'x', after: 'y' }).split('\n').slice(2);
        const count = (sign: string): number => edits.filter((line) => line.startsWith(sign)).length;
        expect(after.split('\n').length - before.split('\n').length).toBe(
          before === after ? 0 : count('+') - count('-'),
        );
      }),
    );
  });
});

describe('the effective configuration', () => {
  const base = { rendered: { environment: { A: '1' }, image: 'x:1' }, mounted: { 'c.json': 'h1' }, key: 'k' };
  const hash = (rest: Partial<typeof base> | { rendered: Record<string, unknown> }): string =>
    effectiveHash({ ...base, ...rest });

  it('is the same in any order of keys, for any image, and whatever the rollout labels', () => {
    const labels = { 'rollout.deployment': 'r1', team: 'x' };
    expect(hash({ rendered: { image: 'y:2', environment: { A: '1' } } })).toBe(hash({}));
    expect(hash({ rendered: { environment: { A: '1' }, labels } })).toBe(
      hash({ rendered: { environment: { A: '1' }, labels: { team: 'x', 'rollout.deployment': 'r2' } } }),
    );
  });

  it('changes with a variable, a mounted file, a foreign label and the key of the host', () => {
    const all = [
      hash({}),
      hash({ rendered: { environment: { A: '2' } } }),
      hash({ mounted: { 'c.json': 'h2' } }),
      hash({ rendered: { environment: { A: '1' }, labels: { team: 'x' } } }),
      hash({ key: 'other' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('can not be had without the key', () => {
    const plain = createHash('sha256').update(JSON.stringify(base.rendered)).digest('hex');
    expect(hash({})).not.toBe(plain);
  });
});

describe('log lines', () => {
  it('lose the values of variables that are secret by name, and nothing else', () => {
    const environment = ['API_TOKEN=abc=def123', 'DB_PASSWORD=short', 'PATH=/usr/local/bin'];
    expect(maskSecrets(['token abc=def123 in /usr/local/bin', 'short'], environment)).toEqual([
      'token [redacted] in /usr/local/bin',
      'short',
    ]);
  });
});
