// Config, plan and build of the example fleet on the real builder and registry: crane is the oracle for what was pushed.
import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildEnvironment, readSandbox, type Sandbox } from '../../sandbox/contract.ts';
import { planSchema, type Plan } from '../../src/documents/plan.ts';
import { releaseSchema, type Release } from '../../src/documents/release.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');
const FLEET = join(import.meta.dirname, '../../examples/fleet');
const NAMES = 'acme/build-story';

const imageSchema = z.object({
  config: z.looseObject({
    User: z.string().optional(),
    Entrypoint: z.array(z.string()).nullish(),
    Cmd: z.array(z.string()).nullish(),
    Healthcheck: z.looseObject({ Test: z.array(z.string()) }).optional(),
    ExposedPorts: z.record(z.string(), z.unknown()).optional(),
    Labels: z.record(z.string(), z.string()),
  }),
});

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let sandbox: Sandbox;
let repository = '';
let documents = '';
let first: Release;

beforeAll(async () => {
  sandbox = await readSandbox('stories');
  documents = await mkdtemp(join(tmpdir(), 'build-story-'));
  repository = join(documents, 'fleet');
  await cp(FLEET, repository, { recursive: true });
  await git('init', '-q', '-b', 'main');
  await commit('one');
});

afterAll(async () => {
  await rm(documents, { recursive: true, force: true });
});

test('the whole fleet is built in one call, and every image is what the plan expects of it', async () => {
  await plan('first');
  first = await build('first');
  expect(first.images.map(({ origin }) => origin)).toEqual(first.images.map(() => 'built'));
  for (const { repository: name, digest, expected } of first.images) {
    const text = await run(sandbox.tools.crane, ['config', `${name}@${digest}`]);
    const { config } = imageSchema.parse(JSON.parse(text.stdout));
    expect(config.User).toBe(expected.user);
    if (expected.service === undefined) continue;
    expect(config.Entrypoint).toEqual(expected.entrypoint);
    expect(config.Cmd).toEqual(expected.command);
    expect(config.Healthcheck?.Test).toEqual(expected.healthcheck);
    expect(Object.keys(config.ExposedPorts ?? {}).toSorted()).toEqual(expected.exposedPorts);
    expect(config.Labels).toMatchObject(expected.labels);
  }
});

test('a second build without any cache gives the same digests', async () => {
  await plan('again');
  const again = await build('again', ['--no-cache', '--no-registry-cache']);
  expect(digests(again)).toEqual(digests(first));
});

test('with nothing changed nothing is built', async () => {
  const planned = await plan('unchanged', 'first');
  expect(planned.build).toEqual([]);
  expect(digests(await build('unchanged'))).toEqual(digests(first));
});

test('a changed service is built alone, on its kept parent', async () => {
  await appendFile(join(repository, 'central_error_bus/central_error_bus/__main__.py'), '# changed\n');
  await commit('two');
  const planned = await plan('changed', 'first');
  expect(planned.build.map(({ name }) => name)).toEqual(['central_error_bus-pc2']);
  const changed = await build('changed');
  const others = (release: Release) => digests(release).filter(([name]) => name !== 'central_error_bus-pc2');
  expect(others(changed).toSorted()).toEqual(others(first).toSorted());
  expect(digests(changed)).not.toEqual(digests(first));
});

test('a step that fails is told with its Dockerfile, its line and what it printed', async () => {
  const path = join(repository, 'central_error_bus/Dockerfile');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('WORKDIR /app', 'RUN echo about to fail && exit 3\nWORKDIR /app'));
  const line = text.split('\n').indexOf('WORKDIR /app') + 1;
  await plan('failing', 'first');
  const ran = await buildCommand('failing');
  await writeFile(path, text);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain(`central_error_bus/Dockerfile:${line}`);
  expect(ran.stderr).toContain('| about to fail');
});

test('a registry that refuses the login is a fault that says where to log in', async () => {
  const client = join(documents, 'client');
  await cp(sandbox.environment['DOCKER_CONFIG'] ?? '', client, { recursive: true, dereference: true });
  await writeFile(join(client, 'config.json'), '{}');
  const ran = await buildCommand('changed', [], { DOCKER_CONFIG: client });
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('the registry refuses');
  expect(ran.stderr).toContain('docker login');
});

function digests(release: Release): readonly (readonly [string, string])[] {
  return release.images.map(({ name, digest }) => [name, digest]);
}

async function plan(name: string, previous?: string): Promise<Plan> {
  const output = join(documents, `${name}.plan.json`);
  const before = previous === undefined ? [] : ['--previous', join(documents, `${previous}.release.json`)];
  const registry = `${sandbox.registry.address}/${NAMES}`;
  const ran = await rollout(['plan', '--root', repository, '--registry', registry, ...before, '--output', output]);
  expect(ran.stderr).not.toContain('✗');
  return planSchema.parse(JSON.parse(await readFile(output, 'utf8')));
}

async function build(name: string, flags: readonly string[] = []): Promise<Release> {
  const ran = await buildCommand(name, flags);
  expect(ran.stderr).not.toContain('✗');
  return releaseSchema.parse(JSON.parse(await readFile(join(documents, `${name}.release.json`), 'utf8')));
}

function buildCommand(name: string, flags: readonly string[] = [], environment = {}): Promise<Ran> {
  const { address } = sandbox.registry;
  const given = {
    PYTHON_IMAGE: `${address}/library/python:3.11-slim-bookworm`,
    TINI_IMAGE: `${address}/library/tini:0.19.0`,
    PIP_INDEX_URL: sandbox.index.url,
    PIP_TRUSTED_HOST: new URL(sandbox.index.url).hostname,
  };
  const args = Object.entries(given).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
  const files = ['--plan', join(documents, `${name}.plan.json`), '--output', join(documents, `${name}.release.json`)];
  return rollout(['build', '--root', repository, ...files, ...args, ...flags], environment);
}

function rollout(args: readonly string[], environment = {}): Promise<Ran> {
  return run(process.execPath, [CLI, ...args], environment);
}

async function git(...args: readonly string[]): Promise<void> {
  const ran = await run('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args]);
  expect(ran.code, ran.stderr).toBe(0);
}

async function commit(message: string): Promise<void> {
  await git('add', '-A');
  await git('commit', '-q', '-m', message);
}

function run(program: string, args: readonly string[], environment = {}): Promise<Ran> {
  const env = { ...buildEnvironment(sandbox), ...environment };
  return new Promise((resolve) => {
    execFile(program, [...args], { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}
