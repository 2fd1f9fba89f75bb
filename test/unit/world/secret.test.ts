import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../../../src/world/secret.ts';

const secret = new Secret('hunter2');

test('a secret shows itself as [redacted] in text, JSON and inspect', () => {
  const shown = [`${secret}`, JSON.stringify({ secret }), inspect({ nested: { secret } })];
  for (const text of shown) {
    expect(text).toContain('[redacted]');
    expect(text).not.toContain('hunter2');
  }
});

test('a secret is revealed only when asked', () => {
  expect(secret.reveal()).toBe('hunter2');
});
