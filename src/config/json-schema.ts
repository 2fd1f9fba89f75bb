// The JSON Schema of rollout.yml: for editors, and for findings that name the keys of a map or show an example.
import * as z from 'zod';
import { rolloutFileSchema } from './schema.ts';
import type { YamlPath } from './yaml-finder.ts';

let made: Readonly<Record<string, unknown>> | undefined;

/** Made once, when it is first asked for. */
export function rolloutJsonSchema(): Readonly<Record<string, unknown>> {
  made ??= {
    ...z.toJSONSchema(rolloutFileSchema, { io: 'input', override: keepExamples }),
    $id: 'rollout.schema.json',
    title: 'rollout.yml',
    description: 'What only the owner of a fleet knows: machines, registry, and the order of a rollout',
  };
  return made;
}

/** Examples are of what is written; the library takes them for what is made of it, and drops them where that differs. */
function keepExamples({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodType;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  const examples = z.globalRegistry.get(zodSchema)?.['examples'];
  if (Array.isArray(examples)) jsonSchema['examples'] = examples;
}

const jsonSchemaNode = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  examples: z.array(z.unknown()).optional(),
});

export interface SchemaPlace {
  /** The keys a map may have here. */
  readonly keys: readonly string[];
  /** A right value; undefined where the schema has none. */
  readonly example: unknown;
}

/** What the schema says of the value at a path. */
export function schemaAt(path: YamlPath): SchemaPlace {
  let node: unknown = rolloutJsonSchema();
  for (const step of path) {
    const { properties, additionalProperties, items } = jsonSchemaNode.safeParse(node).data ?? {};
    node = typeof step === 'number' ? items : (properties?.[step] ?? additionalProperties);
  }
  const { properties, examples } = jsonSchemaNode.safeParse(node).data ?? {};
  return { keys: Object.keys(properties ?? {}), example: examples?.[0] };
}
