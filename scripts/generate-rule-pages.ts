// Writes docs/rules/: one page per rule, from the rules themselves.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PAGES } from '../src/validate/page.ts';

const FOLDER = join(import.meta.dirname, '..', 'docs', 'rules');

await mkdir(FOLDER, { recursive: true });
const wanted = new Map([...PAGES].map(([id, text]) => [`${id}.md`, text]));
for (const name of await readdir(FOLDER)) if (!wanted.has(name)) await rm(join(FOLDER, name));
for (const [name, text] of wanted) await writeFile(join(FOLDER, name), text);
