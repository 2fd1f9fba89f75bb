import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { build } from '../../../src/build/build.ts';
import { BuildProgress } from '../../../src/build/progress.ts';
import { releaseSchema } from '../../../src/documents/release.ts';
import type { Plan } from '../../../src/documents/plan.ts';
import { Fault, tellFault } from '../../../src/fault.ts';
import type { World } from '../../../src/world/world.ts';
import { buildTarget, DIGEST, keptTarget, planWith } from '../../fakes/plans.ts';
import { repositoryWorld, ROOT } from '../../fakes/repository-world.ts';

const read = (name: string): string => readFileSync(new URL(`../buildx@0.29.1/${name}`, import.meta.url), 'utf8');
const PUSHED = planWith([buildTarget('base'), buildTarget('web-mainpc', ['base'])]);

interface Answer {
  readonly exitCode: number;
  readonly stderr: string;
  readonly metadata?: string;
}

interface Scene {
  readonly world: World;
  readonly told: string[];
  readonly waits: number[];
  readonly commands: (readonly string[])[];
  readonly environment: Record<string, unknown>[];
}

/** A world whose bake calls answer one after the other; the last answer stays. */
function scene(answers: readonly Answer[], variables: Readonly<Record<string, string>> = {}): Scene {
  const files: Record<string, string> = {};
  const [told, waits, commands, environment]: [string[], number[], (readonly string[])[], Record<string, unknown>[]] = [[], [], [], []];
  const base = repositoryWorld({
    files,
    variables,
    answer: (command, options) => {
      if (command[0] === 'git') return { stdout: `${PUSHED.revision}\n` };
      commands.push(command);
      environment.push({ ...options.environment, stdin: options.stdin });
      const { exitCode, stderr, metadata } = answers[Math.min(commands.length, answers.length) - 1]!;
      if (metadata !== undefined) files[command[command.indexOf('--metadata-file') + 1] ?? ''] = metadata;
      return { exitCode, stderr };
    },
  });
  const sleep: World['clock']['sleep'] = (ms, signal) => {
    if (signal !== undefined) return waitForEnd(signal);
    waits.push(ms);
    return Promise.resolve();
  };
  const world = {
    ...base,
    clock: { ...base.clock, sleep },
    log: { ...base.log, info: (line: string) => told.push(line), warn: (line: string) => told.push(line) },
  };
  return { world, told, waits, commands, environment };
}

function waitForEnd(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () => reject(new Fault('aborted', 'over'));
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
  });
}

async function fault(plan: Plan, answers: readonly Answer[], variables = {}): Promise<Fault> {
  const error = await build(scene(answers, variables).world, { root: ROOT, plan }).catch((thrown: unknown) => thrown);
  if (error instanceof Fault) return error;
  throw new Error('expected a fault');
}

const WELL = { exitCode: 0, stderr: read('pushed.stderr'), metadata: read('pushed.metadata.json') };
const BUSY = {
  exitCode: 1,
  stderr: 'ERROR: target base: failed to solve: failed to push ghcr.io/acme/fleet/base: unexpected status from PUT request: 503 Service Unavailable\n',
};

describe('a build that ends well', () => {
  test('gives a release with the digests of the metadata and those kept', async () => {
    const { world } = scene([WELL]);
    const release = await build(world, { root: ROOT, plan: { ...PUSHED, kept: [keptTarget('old')] } });
    expect(releaseSchema.parse(release)).toEqual(release);
    expect(release.images.map(({ name, origin, digest }) => [name, origin, digest])).toEqual([
      ['base', 'built', 'sha256:3aad924e078ca8754ce7a07f95cb17e860d473a74cf90f26c0fe841182c3a27a'],
      ['web-mainpc', 'built', /"web-mainpc"[^]*"containerimage.digest": "([^"]+)"/.exec(WELL.metadata)?.[1]],
      ['old', 'kept', DIGEST],
    ]);
    expect(release.images[0]?.buildSeconds).toBeGreaterThan(0);
  });

  test('tells building, pushing and done of every target, each once', async () => {
    const { world, told } = scene([WELL]);
    await build(world, { root: ROOT, plan: PUSHED });
    for (const name of ['base', 'web-mainpc']) {
      const lines = told.filter((line) => line.startsWith(`${name}  `)).map((line) => line.split('  ')[1]?.split(' ')[0]);
      expect(lines).toEqual(['building', 'pushing', 'done']);
    }
  });

  test('asks for no provenance, which would give the same input another digest', async () => {
    const { world, environment } = scene([WELL]);
    await build(world, { root: ROOT, plan: PUSHED });
    expect(environment[0]).toMatchObject({ BUILDX_NO_DEFAULT_ATTESTATIONS: '1', BUILDX_METADATA_PROVENANCE: 'false' });
  });

  test('with nothing to build starts nothing', async () => {
    const { world, commands } = scene([WELL]);
    const release = await build(world, { root: ROOT, plan: planWith([], [keptTarget('old')]) });
    expect(commands).toEqual([]);
    expect(release.images).toHaveLength(1);
  });

  test('names every target that works when asked in between', () => {
    const progress = new BuildProgress(['base', 'web-mainpc']);
    const lines = read('pushed.stderr').split('\n');
    for (const line of lines.slice(0, Math.trunc(lines.length / 2))) progress.feed(line);
    expect(progress.running(Date.now()).join('\n')).toMatch(/^(base|web-mainpc) {2}.* so far/m);
  });
});

describe('a build that fails', () => {
  test('a step: names the target, the line of its Dockerfile, what it printed, and the others', async () => {
    const plan = planWith([buildTarget('base'), buildTarget('bad', ['base']), buildTarget('web-mainpc', ['base'])]);
    const found = await fault(plan, [{ exitCode: 1, stderr: read('step-failed.stderr') }]);
    expect(found).toMatchObject({ code: 'input', detail: { where: 'bad/Dockerfile:3', facts: { target: 'bad' } } });
    expect(tellFault(found)).toContain('| about to fail');
    expect(tellFault(found)).toContain('exit code: 3');
    expect(found.detail.facts?.['states']).toMatchObject({ bad: 'failed' });
    expect(tellFault(found)).toContain('the others: ');
  });

  test('a refused login is a fault of auth, not of the image', async () => {
    const found = await fault(planWith([buildTarget('base')]), [{ exitCode: 1, stderr: read('push-refused.stderr') }]);
    expect(found).toMatchObject({ code: 'auth', detail: { expected: 'to push to ghcr.io/acme/fleet/base' } });
    expect(found.detail.cure).toContain('docker login');
  });

  test('a Dockerfile that is none: names it and its line', async () => {
    const plan = planWith([buildTarget('base'), buildTarget('notes')]);
    const found = await fault(plan, [{ exitCode: 1, stderr: read('not-a-dockerfile.stderr') }]);
    expect(found).toMatchObject({ code: 'input', detail: { where: 'notes/Dockerfile:1' } });
    expect(tellFault(found)).toContain('unknown instruction: just');
  });

  test('a busy registry is asked again, later each time, and then the build goes on', async () => {
    const { world, waits, commands } = scene([BUSY, BUSY, WELL]);
    await build(world, { root: ROOT, plan: PUSHED });
    expect(commands).toHaveLength(3);
    expect(waits).toEqual([5_000, 10_000]);
  });

  test('a builder that was lost for a moment is asked again', async () => {
    const lost = 'ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF\n';
    const { world, commands } = scene([{ exitCode: 1, stderr: lost }, WELL]);
    await build(world, { root: ROOT, plan: PUSHED });
    expect(commands).toHaveLength(2);
  });

  test('a registry that stays busy is given up after four tries', async () => {
    const { world, commands } = scene([BUSY]);
    await expect(build(world, { root: ROOT, plan: PUSHED })).rejects.toMatchObject({ code: 'registry' });
    expect(commands).toHaveLength(4);
  });

  test.each([
    ['a step that printed 503', 'process "/bin/sh -c curl" did not complete successfully: exit code: 22 503', 'input'],
    ['a driver that can not', 'push-by-digest is currently not implemented for docker driver', 'unsupported'],
    ['something else', 'the moon is full', 'process'],
  ])('%s is not tried again', async (_title, message, code) => {
    const { world, commands } = scene([{ exitCode: 1, stderr: `ERROR: ${message}\n` }]);
    await expect(build(world, { root: ROOT, plan: PUSHED })).rejects.toMatchObject({ code });
    expect(commands).toHaveLength(1);
  });

  test.each(['unknown flag: --file', 'docker: unknown command: docker buildx'])(
    'a docker without buildx (%s) is told as that, with where to get it',
    async (first) => {
      const stderr = `${first}\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help' for more information\n`;
      const found = await fault(PUSHED, [{ exitCode: 125, stderr }]);
      expect(found).toMatchObject({ code: 'unsupported', detail: { found: first } });
      expect(found.message).toContain('no buildx');
      expect(found.detail.cure).toContain('docker-buildx-plugin');
    },
  );

  test.each([
    ['dial tcp 127.0.0.1:5999: connect: connection refused', '127.0.0.1:5999'],
    ['dial tcp: lookup registry.acme.example on 127.0.0.53:53: no such host', 'registry.acme.example'],
  ])('where nobody answers (%s) it says where, asks for the registry, and tries once more only', async (why, address) => {
    const said = `failed to push ${address}/fleet/base: failed to do request: Head "https://${address}/v2/": ${why}`;
    const { world, commands, waits } = scene([{ exitCode: 1, stderr: `ERROR: target base: failed to solve: ${said}\n` }]);
    const found = await build(world, { root: ROOT, plan: PUSHED }).catch((thrown: unknown) => thrown);
    expect(found).toMatchObject({ code: 'network', message: `base could not be built: nothing listens at ${address}` });
    expect(found).toMatchObject({ detail: { cure: expect.stringContaining('registry in rollout.yml') } });
    expect([commands.length, waits]).toEqual([2, [5_000]]);
  });

  test('metadata without a digest is a fault, never a release', async () => {
    const found = await fault(PUSHED, [{ ...WELL, metadata: '{"base":{}}' }]);
    expect(found).toMatchObject({ code: 'process', message: expect.stringContaining('no digest for base') });
  });
});

describe('the checkout', () => {
  test('of another commit than the plan is refused before anything starts: its labels would name the wrong one', async () => {
    const { world, commands } = scene([WELL]);
    const error = await build(world, { root: ROOT, plan: { ...PUSHED, revision: '59851b8'.padEnd(40, '0') } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'input', message: 'the plan is of 59851b8, the checkout is at 9999999' });
    expect(error).toMatchObject({ detail: { where: ROOT, cure: expect.stringContaining('plan again') } });
    expect(commands).toEqual([]);
  });

  test('that git can not read is refused, with what git says', async () => {
    const { world, commands } = scene([WELL]);
    const told = { exitCode: 128, stdout: '', stderr: 'fatal: not a git repository' };
    const attempt: World['processes']['attempt'] = async (command, options) => ({
      ...(await world.processes.attempt(command, options)),
      ...(command[0] === 'git' ? told : {}),
    });
    const error = await build({ ...world, processes: { ...world.processes, attempt } }, { root: ROOT, plan: PUSHED }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'input', detail: { found: told.stderr } });
    expect(commands).toEqual([]);
  });
});

describe('what is given to a build', () => {
  test('an argument without a value takes it from the environment, or is refused', async () => {
    const { world, environment } = scene([WELL], { PIP_INDEX_URL: 'http://index/' });
    await build(world, { root: ROOT, plan: PUSHED, buildArguments: ['PIP_INDEX_URL', 'A=b=c,d'] });
    const args = { PIP_INDEX_URL: 'http://index/', A: 'b=c,d' };
    expect(JSON.parse(String(environment[0]?.['stdin']))).toMatchObject({ target: { base: { args } } });
    await expect(build(world, { root: ROOT, plan: PUSHED, buildArguments: ['NOPE'] })).rejects.toMatchObject({ code: 'usage' });
  });

  test('a secret is read by buildx from the environment and stands in nothing we hand over', async () => {
    const { world, environment, commands } = scene([WELL], { HF_TOKEN: 'hf_abc' });
    await build(world, { root: ROOT, plan: { ...PUSHED, buildSecrets: ['hf_token'] } });
    expect(JSON.stringify([environment, commands])).not.toContain('hf_abc');
    expect(String(environment[0]?.['stdin'])).toContain('id=hf_token,env=HF_TOKEN');
  });

  test('a secret that is not set is refused before anything starts', async () => {
    const { world, commands } = scene([WELL]);
    const plan = { ...PUSHED, buildSecrets: ['hf_token'] };
    await expect(build(world, { root: ROOT, plan })).rejects.toMatchObject({ code: 'usage' });
    expect(commands).toEqual([]);
  });
});
