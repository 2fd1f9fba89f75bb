// Writes docs/rules/: one page per rule and their list, from the rules themselves.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RULES } from '../src/validate/rules.ts';
import { pageOf } from '../src/validate/page.ts';

const FOLDER = join(import.meta.dirname, '..', 'docs', 'rules');

await mkdir(FOLDER, { recursive: true });
const wanted = new Map(RULES.map((rule) => [`${rule.id}.md`, pageOf(rule)]));
for (const name of await readdir(FOLDER)) if (!wanted.has(name)) await rm(join(FOLDER, name));
for (const [name, text] of wanted) await writeFile(join(FOLDER, name), text);
