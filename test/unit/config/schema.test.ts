import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseRolloutFile } from '../../../src/config/rollout-file.ts';
import { CONFIG_RULES } from '../../../src/config/rules.ts';
import { rolloutJsonSchema } from '../../../src/config/json-schema.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const docs = read('docs/configuration.md');
const samples = [...docs.matchAll(/```yaml\n(version: 1\n[^]*?)```/g)].map(([, text]) => text ?? '');

test('the JSON Schema in the repository is the one the code makes; else run node scripts/generate-schema.ts', () => {
  expect(JSON.parse(read('schema/rollout.schema.json'))).toEqual(JSON.parse(JSON.stringify(rolloutJsonSchema())));
});

describe('docs/configuration.md', () => {
  test('shows two whole files, the smallest and one with every key', () => {
    expect(samples).toHaveLength(2);
  });

  test.each(samples.map((text, index) => [index + 1, text] as const))('sample %d is accepted', (_number, text) => {
    expect(parseRolloutFile(text, 'rollout.yml')).toMatchObject({ kind: 'read' });
  });

  test('the second sample has every key of the schema', () => {
    for (const key of keysOf(rolloutJsonSchema()))
      expect(samples[1], key).toMatch(new RegExp(`(^|[\\s{])${key}:`, 'm'));
  });

  test.each(Object.keys(CONFIG_RULES))('%s stands in the table of rules', (rule) => {
    expect(docs).toContain(`| ${rule} |`);
  });
});

function keysOf(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) =>
    name === 'properties'
      ? [...Object.keys(value as object), ...Object.values(value as object).flatMap(keysOf)]
      : keysOf(value),
  );
}
