// Reads rollout.yml: every misfit becomes a finding with its line, what was expected, what was found, and the cure.
import * as z from 'zod';
import type { Finding } from '../documents/findings.ts';
import { didYouMean } from './nearest.ts';
import { complain } from './complain.ts';
import { rolloutFileSchema, rolloutJsonSchema, type RolloutFile } from './schema.ts';
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

type Issue = z.core.$ZodIssue;

function explain(issue: Issue, yaml: YamlFile): readonly Finding[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, yaml));
  const name = path.length === 0 ? 'rollout.yml' : path.join('.');
  const found = valueAt(yaml.value, path);
  if (found === undefined && issue.code !== 'custom') return [missing(name, issue, path, yaml)];
  return [
    complain('RC002', yaml.at(path), {
      message: `${name} is not as it must be`,
      expected: expectation(issue),
      got: show(found),
      cure: `write ${name} as ${expectation(issue)}`,
    }),
  ];
}

function unknownKey(key: string, path: YamlPath, yaml: YamlFile): Finding {
  const known = keysAt(path);
  const where = path.length === 0 ? 'at the top' : `in ${path.join('.')}`;
  const guess = didYouMean(key, known);
  return complain('RC001', yaml.atKey(path, key), {
    message: `${key} is not a key ${where}`,
    expected: `one of ${known.join(', ')}`,
    got: key,
    cure: guess === undefined ? 'take the line away, or use a key named above' : `did you mean ${guess}?`,
  });
}

function missing(name: string, issue: Issue, path: YamlPath, yaml: YamlFile): Finding {
  return complain('RC002', yaml.at(path), {
    message: `${name} is missing`,
    expected: expectation(issue),
    got: 'nothing',
    cure: `add ${String(path.at(-1) ?? name)}: here`,
  });
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `a ${issue.expected === 'record' || issue.expected === 'object' ? 'map' : issue.expected}`;
    case 'invalid_value':
      return issue.values.map(String).join(' or ');
    default:
      return issue.message.replace(/^(?:Invalid string: must |expected )/, '');
  }
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

function valueAt(value: unknown, path: YamlPath): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = new Map(Object.entries(found)).get(String(step));
  }
  return found;
}

const jsonSchemaNode = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
});

/** The keys a map may have at a path, read from the schema itself. */
function keysAt(path: YamlPath): readonly string[] {
  let node: unknown = rolloutJsonSchema();
  for (const step of path) {
    const { properties, additionalProperties, items } = jsonSchemaNode.parse(node);
    node = typeof step === 'number' ? items : (properties?.[step] ?? additionalProperties);
  }
  return Object.keys(jsonSchemaNode.safeParse(node).data?.properties ?? {});
}
