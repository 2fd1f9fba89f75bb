// Which artifact is the release before, and what a token of ours is sent to.
import { describe, expect, it } from 'vitest';
import { faultCode } from '../../../src/fault.ts';
import { artifactOfRun, fileOfArtifact, newestArtifact } from '../../../src/github/artifacts.ts';
import { Secret } from '../../../src/world/secret.ts';
import { archiveOf } from '../../fakes/archive.ts';
import { fakeGitHub, REPOSITORY, STORAGE, type LeftArtifact } from '../../fakes/github.ts';
import { fakeWorld } from '../../fakes/world.ts';

const repository = { name: REPOSITORY, token: new Secret('ghs_token') };
const worldOf = (left: readonly LeftArtifact[]) => fakeWorld({}, { http: fakeGitHub(left).answer });
const newest = (...left: readonly LeftArtifact[]) => newestArtifact(worldOf(left), repository, 'rollout-release');

describe('the newest artifact', () => {
  it('is the last by time, in whatever order GitHub lists them', async () => {
    const [old, young] = [
      { id: 1, run: 10, createdAt: '2026-11-01T00:00:00Z' },
      { id: 2, run: 20, createdAt: '2026-11-02T00:00:00Z' },
    ];
    expect(await newest(old, young)).toEqual({ id: 2, run: 20 });
    expect(await newest(young, old)).toEqual({ id: 2, run: 20 });
  });

  it.each([
    ['of a run that failed', { conclusion: 'failure' }],
    ['of a run that still runs', { conclusion: null }],
    ['of another branch', { branch: 'feature' }],
    ['of a fork whose branch has the same name', { fork: true }],
    ['of a pull request', { event: 'pull_request' }],
    ['that is gone', { expired: true }],
    ['of another name', { name: 'rollout-plan' }],
  ])('is none %s', async (_what, wrong) => {
    const good = { id: 1, run: 10, createdAt: '2026-11-01T00:00:00Z' };
    const bad = { id: 2, run: 20, createdAt: '2026-11-02T00:00:00Z', ...wrong };
    expect(await newest(bad)).toBeUndefined();
    expect(await newest(bad, good)).toEqual({ id: 1, run: 10 });
  });

  it('is undefined in a repository without one', async () => {
    expect(await newest()).toBeUndefined();
  });
});

describe('the artifact of a run', () => {
  it('is found by the run, whatever became of it', async () => {
    const world = worldOf([
      { id: 1, run: 10 },
      { id: 2, run: 20, conclusion: 'failure', branch: 'feature' },
    ]);
    expect(await artifactOfRun(world, repository, { run: 20, name: 'rollout-release' })).toEqual({ id: 2, run: 20 });
    expect(await artifactOfRun(world, repository, { run: 30, name: 'rollout-release' })).toBeUndefined();
  });
});

describe('a file of an artifact', () => {
  const archive = archiveOf({ 'release.json': '{"tag":"one"}' });

  it('comes from the storage, which gets no token', async () => {
    const gitHub = fakeGitHub([{ id: 3, run: 30, archive }]);
    const world = fakeWorld({}, { http: gitHub.answer });
    expect(await fileOfArtifact(world, repository, { id: 3, run: 30 }, 'release.json')).toBe('{"tag":"one"}');
    const [asked, fetched] = gitHub.seen;
    expect(asked?.authorization).toEqual({ kind: 'bearer', token: repository.token });
    expect(asked?.headers).toHaveProperty('user-agent');
    expect(fetched?.url).toBe(`${STORAGE}/3`);
    expect(fetched?.authorization).toBeUndefined();
  });

  it('must be in it', async () => {
    const world = worldOf([{ id: 3, run: 30, archive }]);
    await expect(fileOfArtifact(world, repository, { id: 3, run: 30 }, 'plan.json')).rejects.toThrow(
      'has no plan.json',
    );
  });
});

describe('GitHub', () => {
  it('is asked where the runner says it is', async () => {
    const gitHub = fakeGitHub([]);
    const variables = { GITHUB_API_URL: 'https://git.acme.example/api/v3' };
    const world = fakeWorld({}, { variables, http: gitHub.answer });
    await newestArtifact(world, repository, 'rollout-release').catch(() => undefined);
    expect(gitHub.seen[0]?.url).toBe('https://git.acme.example/api/v3/repos/acme/fleet');
  });

  it.each([
    [403, 'auth'],
    [500, 'network'],
  ])('that answers %i is a fault %s with its own words', async (status, code) => {
    const body = Buffer.from('{"message":"Resource not accessible by integration"}');
    const world = fakeWorld({}, { http: () => ({ status, body }) });
    const error: unknown = await newestArtifact(world, repository, 'x').catch((caught: unknown) => caught);
    expect(faultCode(error)).toBe(code);
    expect(error).toMatchObject({ detail: { found: `status ${status}: Resource not accessible by integration` } });
    expect(JSON.stringify(error)).not.toContain('ghs_token');
  });

  it.each(['[]', 'not JSON', '{"artifacts":{}}'])('that answers %s is a fault', async (text) => {
    const world = fakeWorld({}, { http: () => ({ body: Buffer.from(text) }) });
    await expect(newestArtifact(world, repository, 'x')).rejects.toThrow('a shape that is not known');
  });
});
