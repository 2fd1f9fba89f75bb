import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseChallenges } from '../../../src/registry/challenge.ts';

describe('the challenges of WWW-Authenticate', () => {
  test.each([
    [
      'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
      [
        {
          scheme: 'bearer',
          parameters: { realm: 'https://ghcr.io/token', service: 'ghcr.io', scope: 'repository:user/image:pull' },
        },
      ],
    ],
    ['Basic realm="a \\"quoted\\", comma"', [{ scheme: 'basic', parameters: { realm: 'a "quoted", comma' } }]],
    ['BEARER Realm=https://t.example/x', [{ scheme: 'bearer', parameters: { realm: 'https://t.example/x' } }]],
    [
      'Negotiate, Basic realm="one", Bearer realm="two" , service = "s"',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'one' } },
        { scheme: 'bearer', parameters: { realm: 'two', service: 's' } },
      ],
    ],
    [
      'Negotiate YII=, Basic realm="x"',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'x' } },
      ],
    ],
    ['Bearer realm="unclosed', [{ scheme: 'bearer', parameters: {} }]],
    ['realm="without a scheme"', []],
    ['', []],
  ])('%s', (header, expected) => {
    expect(parseChallenges(header)).toEqual(expected);
  });

  test('any text ends, and quoted values come back as they went in', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'grapheme-ascii' }), (noise, value) => {
        parseChallenges(noise);
        const quoted = value.replace(/["\\]/g, '\\$&');
        const [read] = parseChallenges(`Bearer realm="${quoted}",service="s"`);
        expect(read?.parameters).toEqual({ realm: value, service: 's' });
      }),
    );
  });
});
