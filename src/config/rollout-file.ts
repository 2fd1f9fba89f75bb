// Reads rollout.yml: every misfit becomes a finding with its line, what was expected, what was found, and the cure.
import type * as z from 'zod';
import type { Finding } from '../documents/findings.ts';
import { complain } from './complain.ts';
import { schemaAt } from './json-schema.ts';
import { describeMisfit } from './misfit.ts';
import { didYouMean } from './nearest.ts';
import { rolloutFileSchema, type RolloutFile } from './schema.ts';
import { parseYaml, type YamlFile, type YamlPath } from './yaml-file.ts';

export type ParsedRolloutFile =
  | { readonly kind: 'read'; readonly rollout: RolloutFile; readonly yaml: YamlFile }
  | { readonly kind: 'broken'; readonly findings: readonly Finding[] };

/** Parses the text of rollout.yml against its schema. */
export function parseRolloutFile(text: string, file: string): ParsedRolloutFile {
  const yaml = parseYaml(text, file);
  if (yaml.findings.length > 0) return { kind: 'broken', findings: yaml.findings };
  const parsed = rolloutFileSchema.safeParse(yaml.value ?? {});
  if (parsed.success) return { kind: 'read', rollout: parsed.data, yaml };
  return { kind: 'broken', findings: parsed.error.issues.flatMap((issue) => explain(issue, yaml)) };
}

function explain(issue: z.core.$ZodIssue, yaml: YamlFile): readonly Finding[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, path, yaml);
  const exampleAt = (place: YamlPath): unknown => schemaAt(place).example;
  const complaint = describeMisfit({ issue, path, value: yaml.value, file: yaml.file, exampleAt });
  const last = path.at(-1);
  const isKey = issue.code === 'invalid_key' && typeof last === 'string';
  return [complain('RC002', isKey ? yaml.atKey(path.slice(0, -1), last) : yaml.at(path), complaint)];
}

function unknownKeys(keys: readonly string[], path: YamlPath, yaml: YamlFile): readonly Finding[] {
  const known = schemaAt(path).keys;
  const where = path.length === 0 ? 'at the top' : `in ${path.join('.')}`;
  return keys.map((key) => {
    const guess = didYouMean(key, known);
    return complain('RC001', yaml.atKey(path, key), {
      message: `${key} is not a key ${where}`,
      expected: `one of ${known.join(', ')}`,
      got: key,
      cure: guess === undefined ? 'take the line away, or use a key named above' : `did you mean ${guess}?`,
    });
  });
}
