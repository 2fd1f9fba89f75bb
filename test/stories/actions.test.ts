// The actions as a runner runs them: the root action on a copy of the example fleet, and a cutover that logs its host in for one job.
import { createServer, type Server } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commit, edit, openWorkshop, type Workshop } from '../../demo/workshop.ts';
import { buildEnvironment, readSandbox, type Sandbox } from '../../sandbox/contract.ts';
import { parseDocument, showDocument } from '../../src/documents/document.ts';
import { evidenceSchema } from '../../src/documents/evidence.ts';
import { releaseSchema, type Release } from '../../src/documents/release.ts';
import { archiveOf } from '../fakes/archive.ts';
import { fakeGitHub, REPOSITORY, STORAGE } from '../fakes/github.ts';
import { Runner, type ActionEnded } from '../runner/runner.ts';
import { run, StoryHost, type Ran, type Wanted } from './cutover-host.ts';
import { bringUp } from './own-sandbox.ts';

const NAME = 'actions';
/** Written in the Dockerfile in another way, so that nothing but a leak has it whole. */
const SECRET = 'story-secret';
const ACTION = join(import.meta.dirname, '../..');

let sandbox: Sandbox;
let takeDown: () => Promise<void>;

beforeAll(async () => {
  takeDown = await bringUp(NAME);
  sandbox = await readSandbox(NAME);
});

afterAll(() => takeDown());

describe('the action of the root, on a copy of the example fleet', () => {
  let workshop: Workshop;
  let first: { ended: ActionEnded; release: Release; text: string };
  const folders: string[] = [];

  beforeAll(async () => {
    workshop = await openWorkshop(sandbox);
    const { ended, folder } = await runRoot();
    expect(ended.outcome, ended.log).toBe('success');
    const text = await readFile(join(folder, 'rollout/release.json'), 'utf8');
    first = { ended, text, release: parseDocument(releaseSchema, text, 'release.json') };
  });

  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  test('validates, plans, builds, verifies, publishes and reports', () => {
    expect(outcomes(first.ended)).toEqual(['validate', 'plan', 'build', 'verify', 'publish', 'report'].map(success));
  });

  test('gives what jobs on the hosts need', () => {
    const { outputs } = first.ended.told;
    expect(outputs).toMatchObject({ verdict: 'present', tag: first.release.tag });
    expect(outputs['summary']).toMatch(/summary\.md$/);
    const waves = (name: string): unknown => JSON.parse(outputs[name] ?? '');
    expect(waves('canary')).toMatchObject([{ machine: 'mainpc', runsOn: '["self-hosted","mainpc"]' }]);
    expect(waves('batches')).toMatchObject([{ machine: 'mainpc' }, { machine: 'pc2' }]);
    expect(waves('machines')).toMatchObject([{ machine: 'mainpc' }, { machine: 'pc2' }]);
  });

  test('puts tags that another tool reads as the digests of the release', async () => {
    const found = await Promise.all(
      first.release.images.map(({ repository, tag }) => digestOf(`${repository}:${tag}`)),
    );
    expect(found).toEqual(first.release.images.map(({ digest }) => digest));
    expect(first.ended.steps.find(({ id }) => id === 'publish')?.told.outputs).toEqual({ tags: String(found.length) });
  });

  test('shows the evidence on the page of the run, and annotates nothing', () => {
    expect(first.ended.told.summary).toContain(first.release.tag);
    expect(first.ended.log).not.toMatch(/^::(error|warning)/m);
  });

  test('keeps what did not change since the last run that went well, and builds the rest with its secret', async () => {
    await edit(workshop.folder, 'rollout.yml', /^version: 1$/m, 'version: 1\nbuild: { secrets: [story_token] }');
    const step = `RUN --mount=type=secret,id=story_token test "$(cat /run/secrets/story_token)" = story-"secret"`;
    await edit(workshop.folder, 'central_error_bus/Dockerfile', /^USER root$/m, `USER root\n${step}`);
    await commit(workshop.folder, 'Build the bus with a secret');
    const gitHub = await serveGitHub(first.text);
    const given = { 'previous-run': 'auto', secrets: `story_token=${SECRET}` };
    const { ended } = await runRoot(given, { GITHUB_API_URL: gitHub.url });
    gitHub.server.close();
    expect(ended.outcome, ended.log).toBe('success');
    expect(gitHub.tokens).toEqual([...Array<string>(4).fill('Bearer ghs_story'), undefined]);
    expect(ended.steps.find(({ id }) => id === 'plan')?.told.outputs).toMatchObject({ build: '1' });
    expect(ended.told.outputs).toMatchObject({ verdict: 'present' });
    expect(ended.log.split('\n').filter((line) => line.includes(SECRET))).toEqual([`::add-mask::${SECRET}`]);
  });

  test('stops at what is wrong with the repository, says where, and still reports', async () => {
    await edit(workshop.folder, 'central_error_bus/Dockerfile', /^USER 10001.*$/m, 'USER root');
    const { ended, folder } = await runRoot();
    expect(ended.outcome).toBe('failure');
    expect(outcomes(ended)).toEqual([
      'validate failure',
      ...['plan', 'build', 'verify', 'publish'].map((verb) => `${verb} skipped`),
      'report success',
    ]);
    expect(ended.log).toMatch(/^::error file=central_error_bus\/Dockerfile,line=\d+/m);
    const evidence = await readFile(join(folder, 'rollout/evidence.json'), 'utf8');
    expect(parseDocument(evidenceSchema, evidence, 'evidence.json').findings).toBeDefined();
  });

  async function runRoot(inputs: Record<string, string> = {}, variables: Record<string, string> = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'actions-story-'));
    folders.push(folder);
    const runner = new Runner({
      ...{ repository: ACTION, workspace: workshop.folder, temp: folder },
      // Where a workflow logs in and sets up buildx, the sandbox has done both.
      environment: { ...buildEnvironment(sandbox), GITHUB_REPOSITORY: REPOSITORY, ...variables },
      github: { token: 'ghs_story', actor: 'octo' },
    });
    return { folder, ended: await runner.run('.', inputs) };
  }

  async function digestOf(reference: string): Promise<string> {
    const asked = await run([sandbox.tools.crane, 'digest', reference], { env: buildEnvironment(sandbox) });
    return asked.code === 0 ? asked.stdout.trim() : asked.stderr;
  }
});

describe('the cutover of a private image, by an action on a host that is not logged in', () => {
  const TEMP = '/tmp/actions-temp';
  let host: PrivateHost;
  let wanted: Wanted;

  /** Its images can be pulled by nobody but who is logged in. */
  class PrivateHost extends StoryHost {
    override readonly repository = `${sandbox.registry.address}/acme/private-story`;
  }

  beforeAll(async () => {
    host = new PrivateHost(sandbox, 'story-login');
    await host.install();
    wanted = { tag: 'r1', digest: await host.build('ok', 1) };
  });

  beforeEach(async () => {
    await host.reset();
    await host.root('sh', '-c', 'docker image prune --all --force');
    const release = showDocument(host.release(wanted));
    const put = `rm -rf ${TEMP} && mkdir -p ${TEMP}/rollout && cat > ${TEMP}/rollout/release.json`;
    await run([...sandbox.hosts.mainpc.exec, 'sh', '-c', put], { input: release });
  });

  test('moves with a login of its own, and leaves none behind', async () => {
    const ran = await cutover({ username: sandbox.registry.user, password: sandbox.registry.password });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout + ran.stderr).not.toContain(sandbox.registry.password);
    expect(await host.version()).toBe('1');
    await nothingIsLeft();
  });

  test('changes nothing without one, and says what the registry refused', async () => {
    const ran = await cutover({});
    expect(ran.code, ran.stdout + ran.stderr).toBe(1);
    expect(ran.stdout).toMatch(/^::error::.*could not be pulled.*(denied|unauthorized|authorization failed)/ms);
    expect(await host.containers()).toEqual([]);
    await nothingIsLeft();
  });

  test('changes nothing with a wrong one, and leaves none behind', async () => {
    const ran = await cutover({ username: sandbox.registry.user, password: 'wrong' });
    expect(ran.code, ran.stdout + ran.stderr).toBe(1);
    expect(ran.stdout).toMatch(/^::error::.*could not be pulled/m);
    expect(await host.containers()).toEqual([]);
    await nothingIsLeft();
  });

  /** As a runner does: inputs in the environment, a temporary folder of the job's. */
  function cutover({ username = '', password = '' }): Promise<Ran> {
    const inputs = {
      MACHINE: 'mainpc',
      TOKEN: 'ghs_story',
      'REGISTRY-USERNAME': username,
      'REGISTRY-PASSWORD': password,
    };
    const variables = Object.entries(inputs).map(([name, value]) => `INPUT_${name}=${value}`);
    const program = ['/tmp/rollout/node', '/tmp/rollout/dist/cutover/index.js'];
    return host.runner('env', `RUNNER_TEMP=${TEMP}`, 'GITHUB_ACTIONS=true', ...variables, ...program);
  }

  async function nothingIsLeft(): Promise<void> {
    const own = await host.runner('sh', '-c', `ls ${TEMP}; cat ~/.docker/config.json 2>/dev/null`);
    expect(own.stdout).toBe('rollout\n');
    const pulled = await host.runner('docker', 'pull', `${host.repository}@${wanted.digest}`);
    expect(pulled.code, pulled.stdout).not.toBe(0);
  }
});

function success(verb: string): string {
  return `${verb} success`;
}

function outcomes({ steps }: ActionEnded): readonly string[] {
  return steps.map(({ id, outcome }) => `${id} ${outcome}`);
}

/** GitHub with one run that left this release; `tokens` are what each request was authorized with. */
async function serveGitHub(release: string): Promise<{ url: string; server: Server; tokens: (string | undefined)[] }> {
  const gitHub = fakeGitHub([{ id: 1, run: 10, archive: archiveOf({ 'release.json': release }) }]);
  const tokens: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    const path = request.url ?? '';
    const [, stored] = /^\/storage(\/.*)$/.exec(path) ?? [];
    const asked = stored === undefined ? `https://api.github.com${path}` : `${STORAGE}${stored}`;
    const answer = gitHub.answer({ method: 'GET', url: asked, deadlineMs: 1, maxBytes: 1 });
    const location = answer.headers?.['location']?.replace(STORAGE, `${addressOf(server)}/storage`);
    response.writeHead(answer.status ?? 200, location === undefined ? {} : { location }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: addressOf(server), server, tokens };
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}
