// `npm run build`: makes dist/ from src/, one bundle with a chunk per verb and a thin door each; `--check` says whether dist/ is current.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { minifySync } from 'rolldown/utils';
import { needTool, ROOT } from './tool.ts';

const DIST = join(ROOT, 'dist');
const BUNDLE = 'bundle';
const LICENCES = 'licenses.txt';
const TARGET = 'es2022';
/** undici's second, experimental parser: 160 KB that only UNDICI_USE_MILO=1 would ever load. */
const LEFT_OUT = ['../milo/simd.js', '../milo/no-simd.js'];
const DIFFERENCES_SHOWN = 20;

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const work = join(ROOT, 'out/build', String(process.pid));
  try {
    const fresh = await buildInto(work);
    if (args.includes('--check')) return report(differences(DIST, fresh));
    rmSync(DIST, { recursive: true, force: true });
    cpSync(fresh, DIST, { recursive: true });
    console.log(`dist: ${filesIn(DIST).length} files, ${(sizeOf(DIST) / 1e6).toFixed(2)} MB`);
    return 0;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Builds the whole of dist/ under `work` and returns its path. The bytes depend on src/ and node_modules/ alone. */
async function buildInto(work: string): Promise<string> {
  const [compiled, dist] = [join(work, 'src'), join(work, 'dist')];
  mkdirSync(work, { recursive: true });
  await needTool('tsc', ['-p', 'tsconfig.build.json', '--outDir', compiled]);
  // Names of modules in the bundle are relative to the folder ncc runs in: the same at every place.
  const leftOut = LEFT_OUT.flatMap((request) => ['--external', request]);
  const flags = [
    ...leftOut,
    '--out',
    join(dist, BUNDLE),
    '--license',
    LICENCES,
    '--target',
    TARGET,
    '--no-cache',
    '--quiet',
  ];
  await needTool('ncc', ['build', 'src/actions/main.js', ...flags], { cwd: work });
  for (const file of filesIn(join(dist, BUNDLE))) if (file.endsWith('.js')) minify(join(dist, BUNDLE, file));
  for (const name of doors()) {
    mkdirSync(join(dist, name), { recursive: true });
    writeFileSync(join(dist, name, 'index.js'), doorText(name));
  }
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify({ type: 'module' })}\n`);
  return dist;
}

/** ncc's own --minify leaves the chunks as they are, and they are nearly all of the bundle. */
function minify(path: string): void {
  const { code, errors } = minifySync(path, readFileSync(path, 'utf8'), {
    module: true,
    mangle: true,
    compress: { target: TARGET },
  });
  if (errors.length > 0)
    throw new Error(`${path} can't be minified: ${errors.map(({ message }) => message).join('; ')}`);
  writeFileSync(path, code);
}

/** The terminal's door, and one for every folder with an action.yml. */
function doors(): readonly string[] {
  const folders = readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, 'action.yml')));
  return ['cli', ...folders];
}

function doorText(name: string): string {
  return [
    `// Made by npm run build: the door to ${name === 'cli' ? 'the terminal' : `the action ${name}/`}.`,
    `import { enter } from '../${BUNDLE}/index.js';`,
    '',
    `await enter('${name}');`,
    '',
  ].join('\n');
}

/** What differs between dist/ as committed and as built now. */
export function differences(committed: string, fresh: string): readonly string[] {
  const [old, now] = [new Set(filesIn(committed)), new Set(filesIn(fresh))];
  return [...new Set([...old, ...now])].sort().flatMap((file) => {
    if (!old.has(file)) return [`${file} is missing`];
    if (!now.has(file)) return [`${file} is left over`];
    const same = readFileSync(join(committed, file)).equals(readFileSync(join(fresh, file)));
    return same ? [] : [`${file} differs`];
  });
}

function report(found: readonly string[]): number {
  if (found.length === 0) console.log('dist is current');
  else {
    console.error(['dist is stale; npm run build makes it anew', ...found.slice(0, DIFFERENCES_SHOWN)].join('\n  '));
    if (found.length > DIFFERENCES_SHOWN) console.error(`  and ${found.length - DIFFERENCES_SHOWN} more`);
  }
  return found.length === 0 ? 0 : 1;
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

function sizeOf(folder: string): number {
  return filesIn(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}
