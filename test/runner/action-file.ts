// An action.yml as a runner reads it: inputs with defaults, outputs, and one program or a list of steps.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { conditionOf } from './expression.ts';

/** YAML writes true and 1; a runner knows only texts. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const texts = z.record(z.string(), text).default({});

const stepSchema = z
  .strictObject({
    id: z.string().optional(),
    name: z.string().optional(),
    if: text.optional(),
    uses: z.string().optional(),
    with: texts,
    run: text.optional(),
    shell: z.enum(['bash', 'sh']).optional(),
    'working-directory': z.string().optional(),
    env: texts,
    'continue-on-error': z.boolean().default(false),
  })
  .transform(({ if: written, ...step }) => ({ ...step, condition: conditionOf(written) }));

const inputSchema = z.looseObject({ default: text.default('') });
const outputSchema = z.looseObject({ value: z.string().optional() });

const actionSchema = z.looseObject({
  inputs: z.record(z.string(), inputSchema.nullable()).default({}),
  outputs: z.record(z.string(), outputSchema).default({}),
  runs: z.discriminatedUnion('using', [
    z.strictObject({ using: z.literal('composite'), steps: z.array(stepSchema) }),
    z.strictObject({ using: z.literal('node24'), main: z.string() }),
  ]),
});

export type Action = z.infer<typeof actionSchema>;
export type Step = z.infer<typeof stepSchema>;

export function readActionFile(folder: string): Action {
  return parseAction(readFileSync(join(folder, 'action.yml'), 'utf8'));
}

/** Throws on what this runner can't do: nothing is passed over. */
export function parseAction(yaml: string): Action {
  return actionSchema.parse(parse(yaml));
}
