// Our reading of Dockerfiles and .dockerignore beside the engine's own, on the real builder.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { buildEnvironment, readSandbox, type Sandbox } from '../../sandbox/contract.ts';
import { assignments, globalScope } from '../../src/images/dockerfile-scope.ts';
import { finalStage, parseDockerfile } from '../../src/images/dockerfile.ts';
import { stageChain } from '../../src/images/dockerfile-facts.ts';
import { parseIgnore } from '../../src/images/ignore.ts';

const run = promisify(execFile);

let sandbox: Sandbox;
let folder = '';

beforeAll(async () => {
  sandbox = await readSandbox('stories');
  folder = await mkdtemp(join(tmpdir(), 'rollout-oracle-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function buildx(args: readonly string[]): Promise<{ stdout: string }> {
  const command = ['buildx', 'build', '--builder', sandbox.builder.name, ...args];
  return run(sandbox.tools.docker, command, { env: buildEnvironment(sandbox) });
}

const SAMPLE = `ARG BASE=scratch
FROM \${BASE} AS first
ARG ONE=1
FROM first AS Second
ARG TWO="two \${ONE}"
ARG MACHINE
LABEL a="x y" \\
# a comment
  b=\${TWO}
COPY <<FROM /nothing
FROM inside a heredoc
FROM
FROM scratch AS third
COPY --from=1 /nothing /x
ARG TWO
`;

describe('the stages and arguments of a Dockerfile', () => {
  test('are those the engine lists', async () => {
    const path = join(folder, 'Dockerfile');
    await writeFile(path, SAMPLE);
    const { stdout } = await buildx(['-f', path, '--call', 'targets,format=json', folder]);
    const told = z.object({ targets: z.array(z.object({ name: z.string() })) }).parse(JSON.parse(stdout));
    expect(parseDockerfile(SAMPLE).stages.map(({ name }) => name?.toLowerCase())).toEqual(
      told.targets.map(({ name }) => name),
    );
  });

  test('have the defaults the engine outlines', async () => {
    const path = join(folder, 'Dockerfile');
    const text = SAMPLE.slice(0, SAMPLE.indexOf('FROM scratch AS third'));
    await writeFile(path, text);
    const { stdout } = await buildx(['-f', path, '--call', 'outline,format=json', folder]);
    const told = z
      .object({ args: z.array(z.object({ name: z.string(), value: z.string().optional() })) })
      .parse(JSON.parse(stdout));
    const dockerfile = parseDockerfile(text);
    const declared = stageChain(dockerfile, finalStage(dockerfile)!).flatMap(({ instructions }) =>
      instructions
        .filter(({ keyword }) => keyword === 'ARG')
        .flatMap((instruction) => assignments(instruction).map(({ name }) => name)),
    );
    const global = dockerfile.globalArguments.flatMap((instruction) =>
      assignments(instruction).map(({ name }) => name),
    );
    expect([...global, ...declared].toSorted()).toEqual(told.args.map(({ name }) => name).toSorted());
    expect(told.args.find(({ name }) => name === 'BASE')?.value).toBe(globalScope(dockerfile).declared.get('BASE'));
  });
});

describe('what is no Dockerfile for us', () => {
  test.each([
    ['ENV A=1 word', true],
    ['ENV A=1\n  B=2', true],
    ['LABEL a', true],
    ['LABEL x=${A', true],
    ['COPY Dockerfile', true],
    ['HEALTHCHECK curl x', true],
    ['COPY --bad=1 Dockerfile /', true],
    ['COPY <<E /x\nfoo', true],
    ['LABEL a=1 \\\n\n# c\n  b=2', false],
    ['LABEL x=${A-${B:-c}}', false],
    ['CMD', false],
    ['ENV A b c', false],
    ['HEALTHCHECK --interval=0 CMD x', false],
    ['LABEL a=1 \\', false],
  ])('%j is none for the engine: %s', async (line, refused) => {
    const text = `FROM scratch\n${line}\n`;
    await writeFile(join(folder, 'Dockerfile'), text);
    const verdict = await buildx(['--output', 'type=cacheonly', folder]).then(
      () => false,
      () => true,
    );
    expect({ engine: verdict, ours: parseDockerfile(text).problems.length > 0 }).toEqual({
      engine: refused,
      ours: refused,
    });
  });
});

const FILES = [
  'a',
  'b.md',
  'README.md',
  'd/f.x',
  'd/g.y',
  'd/e/f.x',
  'foo',
  'x/foo',
  'xfoo',
  'foo2/a',
  'ab',
  'bb/c',
  'a1/b/c/d',
  'a1/b/c/e',
  '.env',
  'x/.env',
  '[q]',
  '#hash',
];
const IGNORES = [
  '*\n!a',
  '**/*.x\n!d',
  '**foo',
  'foo2/**',
  '[^a]*',
  'a1/*/c\n!a1/b/c/d',
  '*\n!d/**/f.x',
  '*\n!d\nd/e',
  '\\[q\\]\n #hash',
  '**/.*\n!x/.env',
  'd*\n!d/*.y',
];

describe('what .dockerignore keeps back', () => {
  test.each(IGNORES)('%j sends the files the engine sends', async (text) => {
    const context = await mkdtemp(join(folder, 'context-'));
    for (const file of FILES) {
      await mkdir(dirname(join(context, file)), { recursive: true });
      await writeFile(join(context, file), '');
    }
    const dockerfile = join(folder, 'ignore.Dockerfile');
    await writeFile(join(context, '.dockerignore'), text);
    await writeFile(dockerfile, 'FROM scratch\nCOPY . /\n');
    const out = `${context}-out`;
    await buildx(['-f', dockerfile, '--output', `type=local,dest=${out}`, context]);
    const entries = await readdir(out, { recursive: true, withFileTypes: true });
    const sent = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1));
    const ignored = parseIgnore(text);
    expect(sent.filter((file) => file !== '.dockerignore').toSorted()).toEqual(
      FILES.filter((file) => !ignored(file)).toSorted(),
    );
  });
});
