// Patterns of variables: what they cut, beside regular expressions that say the same, and how many steps that takes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expand, MOST_PATTERN_STEPS } from '../../../src/images/expansion.ts';
import { replace, trim } from '../../../src/images/shell-pattern.ts';

const PLENTY = 1_000_000;
const trimmed = (text: string, pattern: string, side: 'prefix' | 'suffix', longest: boolean): string =>
  trim(text, pattern, { side, longest }, { left: PLENTY });
const replaced = (text: string, pattern: string, all: boolean): string =>
  replace(text, { pattern, replacement: '_', all, longest: PLENTY }, { left: PLENTY });

/** The same pattern as a regular expression; right, and without a bound. */
function glob(pattern: string, longest: boolean): string {
  const any = longest ? '[^]*' : '[^]*?';
  return [...pattern].map((char) => (char === '*' ? any : char === '?' ? '[^]' : char)).join('');
}

describe('a pattern', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '?', '*'), maxLength: 6 });

  test('trims what a regular expression of it would', () => {
    fc.assert(
      fc.property(text, pattern, fc.boolean(), (value, written, longest) => {
        const body = glob(written, longest);
        expect(trimmed(value, written, 'prefix', longest)).toBe(value.replace(new RegExp(`^(?:${body})`), ''));
        const kept = new RegExp(`^(${longest ? '[^]*?' : '[^]*'})(?:${body})$`).exec(value)?.[1];
        expect(trimmed(value, written, 'suffix', longest)).toBe(kept ?? value);
      }),
      { numRuns: 3000 },
    );
  });

  test('replaces what a regular expression of it would', () => {
    fc.assert(
      fc.property(text, pattern, (value, written) => {
        expect(replaced(value, written, false)).toBe(value.replace(new RegExp(glob(written, true)), '_'));
        expect(replaced(value, written, true)).toBe(value.replaceAll(new RegExp(glob(written, true), 'g'), '_'));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['40 stars that match nowhere', 'a'.repeat(60), `${'*a'.repeat(40)}b`],
    ['40 stars that match', 'a'.repeat(60), '*a'.repeat(40)],
    ['stars alone', 'a'.repeat(60), '*'.repeat(1000)],
    ['a long piece that nearly fits everywhere', 'a'.repeat(60), `*${'a'.repeat(30)}b`],
  ])('with %s takes no more steps than text times pattern', (_name, value, written) => {
    for (const side of ['prefix', 'suffix'] as const) {
      for (const longest of [true, false]) {
        const meter = { left: PLENTY };
        trim(value, written, { side, longest }, meter);
        expect(PLENTY - meter.left).toBeLessThan(4 * (value.length + 1) * (written.length + 1));
      }
    }
  });

  test('stops where its meter is at its end', () => {
    const meter = { left: 500 };
    trim('a'.repeat(400), `*${'a'.repeat(90)}b`, { side: 'prefix', longest: true }, meter);
    expect(meter.left).toBeLessThan(0);
    expect(meter.left).toBeGreaterThan(-10);
  });
});

describe('a variable', () => {
  const scope = (value: string) => ({ declared: new Map([['A', value]]), environment: new Map<string, string>() });

  test('is cut by a pattern of 40 stars', () => {
    const written = `\${A##${'*a'.repeat(40)}}`;
    expect(expand(written, scope(`${'a'.repeat(50)}z`))).toEqual({ value: 'z', missing: [], excess: undefined });
  });

  test('is left as written where its pattern takes too long', () => {
    const value = 'a'.repeat(MOST_PATTERN_STEPS);
    expect(expand('x${A#*b}', scope(value))).toEqual({ value: 'x${A#*b}', missing: ['A'], excess: 'steps' });
  });

  test.each([
    ['$A$A', 40_000],
    ['"$A"$A', 40_000],
    ['${B:-$A$A}', 40_000],
    [`\${A//a/${'b'.repeat(100)}}`, 1_000],
  ])('is left as written where %s grows too long', (text, length) => {
    expect(expand(text, scope('a'.repeat(length)))).toMatchObject({ value: text, excess: 'length' });
  });

  test('may be as long as it is written', () => {
    const text = 'a'.repeat(200_000);
    expect(expand(text, scope('')).value).toBe(text);
  });
});
