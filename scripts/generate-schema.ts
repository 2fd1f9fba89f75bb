// Writes schema/rollout.schema.json from the schema of rollout.yml, for editors.
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { rolloutJsonSchema } from '../src/config/json-schema.ts';

const TARGET = new URL('../schema/rollout.schema.json', import.meta.url);

await writeFile(TARGET, await format(JSON.stringify(rolloutJsonSchema()), { parser: 'json', printWidth: 120 }));
