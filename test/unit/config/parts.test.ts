import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findCycle, inNeedOrder } from '../../../src/config/cycle.ts';
import { parseDuration, parseSize, showDuration, showSize } from '../../../src/config/measures.ts';
import { didYouMean } from '../../../src/config/nearest.ts';
import { clash, parsePorts } from '../../../src/config/ports.ts';
import { parseRolloutFile } from '../../../src/config/rollout-file.ts';
import { interpolate } from '../../../src/config/variables.ts';

const AT = { file: 'compose.yml', line: 1, column: 1 };

describe('durations and sizes', () => {
  test.each([
    ['250ms', 250],
    ['2s', 2_000],
    ['1m30s', 90_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['5', undefined],
    ['5 m', undefined],
    ['', undefined],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    ['40GiB', 40 * 2 ** 30],
    ['500MB', 5e8],
    ['1.5KiB', 1536],
    ['12B', 12],
    ['40', undefined],
    ['40G', undefined],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test('what is shown is read back as the same', () => {
    fc.assert(fc.property(fc.nat(1e12), (n) => parseDuration(showDuration(n)) === n && parseSize(showSize(n)) === n));
  });
});

describe('variables of compose', () => {
  test.each([
    ['ghcr.io/a/b:${TAG:?set TAG: please}-mainpc', 'ghcr.io/a/b', undefined],
    ['ghcr.io/a/b:${TAG-main}', 'ghcr.io/a/b', 'ghcr.io/a/b:main'],
    ['${R:-ghcr.io/${ORG:-a}}/b:1', 'ghcr.io/a/b', 'ghcr.io/a/b:1'],
    ['127.0.0.1:5000/a/b', '127.0.0.1:5000/a/b', '127.0.0.1:5000/a/b'],
    ['$R/b', undefined, undefined],
    ['a$$b', 'a$b', 'a$b'],
    ['a@sha256:x', 'a', 'a@sha256:x'],
  ])('%s', (text, imageName, whole) => {
    expect(interpolate(text)).toMatchObject({ imageName, text: whole });
  });

  test('never throws and always ends', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', ':', '-', '?', 'A', '/') }), (text) => {
        interpolate(text);
      }),
    );
  });
});

describe('ports', () => {
  test.each([
    ['8101', [{ container: 8101, protocol: 'tcp' }]],
    ['8101:80', [{ host: 8101, container: 80, protocol: 'tcp' }]],
    ['127.0.0.1:8101:80/udp', [{ host: 8101, container: 80, protocol: 'udp', address: '127.0.0.1' }]],
    ['0.0.0.0:8101:80', [{ host: 8101, container: 80, protocol: 'tcp' }]],
    ['[::1]:8101:80', [{ host: 8101, container: 80, protocol: 'tcp', address: '[::1]' }]],
    ['${P:-9}:9', [{ host: 9, container: 9, protocol: 'tcp' }]],
    [
      '1-2:3-4',
      [
        { host: 1, container: 3, protocol: 'tcp' },
        { host: 2, container: 4, protocol: 'tcp' },
      ],
    ],
  ])('%s', (text, ports) => {
    expect(parsePorts(text, AT)).toEqual({ ports, findings: [] });
  });

  test.each(['70000:1', '1-3:1-2', 'http:80', '${P}:1', '8101:80/sctp', '5-1:5-1'])('%s is refused', (text) => {
    expect(parsePorts(text, AT)).toMatchObject({ ports: [], findings: [{ rule: 'RC010' }] });
  });

  test('two addresses of a machine do not clash, all and one do', () => {
    const port = { host: 80, container: 80, protocol: 'tcp' } as const;
    expect(clash({ ...port, address: '10.0.0.1' }, { ...port, address: '127.0.0.1' })).toBe(false);
    expect(clash(port, { ...port, address: '127.0.0.1' })).toBe(true);
    expect(clash(port, { ...port, protocol: 'udp' })).toBe(false);
  });
});

describe('circles and orders', () => {
  test('an order has every need before its needer, for any graph without a circle', () => {
    const graph = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { maxLength: 20 });
    fc.assert(
      fc.property(graph, (needs) => {
        // Needs point to smaller numbers only, so there is no circle.
        const of = (name: string): string[] => (needs[Number(name)] ?? []).filter((n) => n < Number(name)).map(String);
        const names = needs.map((_, index) => String(index)).toReversed();
        const order = inNeedOrder(names, of);
        expect(findCycle(names, of)).toBeUndefined();
        expect(order.toSorted()).toEqual(names.toSorted());
        for (const name of names)
          for (const need of of(name)) expect(order.indexOf(need)).toBeLessThan(order.indexOf(name));
      }),
    );
  });

  test('the circle found is one', () => {
    const needs: Record<string, string[]> = { a: ['b'], b: ['c'], c: ['b'] };
    expect(findCycle(['a', 'b', 'c'], (name) => needs[name] ?? [])).toEqual(['b', 'c', 'b']);
  });
});

test('did you mean: near words only', () => {
  expect(didYouMean('machins', ['machines', 'images'])).toBe('machines');
  expect(didYouMean('zzz', ['machines', 'images'])).toBeUndefined();
});

test('any text as rollout.yml gives findings, never an exception', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseRolloutFile(text, 'rollout.yml').kind).toBe('broken');
    }),
  );
});
