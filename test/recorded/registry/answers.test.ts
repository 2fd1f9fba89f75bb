// What real registries say when they refuse: distribution's answers as the registry of the sandbox gave them, ghcr.io's as reported in public.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseName } from '../../../src/images/reference.ts';
import { openRegistry } from '../../../src/registry/registry.ts';
import { FakeRegistry, text, worldOf } from '../../fakes/registry.ts';

const answersSchema = z.array(
  z.strictObject({
    name: z.string(),
    status: z.int(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
    means: z.enum(['absent', 'auth', 'unknown']),
  }),
);

describe.each(['distribution@2.8.3', 'ghcr.io@2025'])('%s', (registry) => {
  const file = join(import.meta.dirname, '..', registry, 'answers.json');
  const answers = answersSchema.parse(JSON.parse(readFileSync(file, 'utf8')));

  test.each(answers)('$name: $status means $means', async ({ status, headers, body, means }) => {
    const fake = new FakeRegistry();
    fake.interfere = ({ url }) => {
      if (url.startsWith('https://registry.example/token')) return text(200, '{"token":"t"}');
      return url.includes('/manifests/') ? text(status, body, headers) : undefined;
    };
    const opened = openRegistry(worldOf(fake), { actions: 'pull', deadlineMs: 30_000 });
    const answer = await opened.manifest(parseName('registry.example/acme/app'), 'x');
    expect(answer.kind).toBe(means);
  });
});
