// The release before, as the action of the plan finds it.
import { describe, expect, it } from 'vitest';
import { previousRelease } from '../../../src/actions/previous.ts';
import { silentLog } from '../../../src/world/log.ts';
import { archiveOf } from '../../fakes/archive.ts';
import { fakeGitHub, REPOSITORY, type LeftArtifact } from '../../fakes/github.ts';
import { fakeWorld } from '../../fakes/world.ts';

const archive = archiveOf({ 'release.json': 'the release' });
const token = 'ghs_token';

function ask(run: string, left: readonly LeftArtifact[], given: { token?: undefined } = {}) {
  const warned: string[] = [];
  const world = fakeWorld({}, { variables: { GITHUB_REPOSITORY: REPOSITORY }, http: fakeGitHub(left).answer });
  const log = { ...silentLog, warn: (text: string) => void warned.push(text) };
  return { found: previousRelease({ ...world, log }, { run, token, ...given }), warned };
}

describe('auto', () => {
  it('is the release of the last run that went well', async () => {
    expect(await ask('auto', [{ id: 1, run: 10, archive }]).found).toBe('the release');
  });

  it('is nothing, without a warning, before the first one', async () => {
    const { found, warned } = ask('auto', [{ id: 1, run: 10, archive, conclusion: 'failure' }]);
    expect(await found).toBeUndefined();
    expect(warned).toEqual([]);
  });

  it.each([
    ['the artifact has no release', [{ id: 1, run: 10, archive: archiveOf({ 'other.json': '{}' }) }], {}],
    ['the artifact is torn', [{ id: 1, run: 10, archive: archive.subarray(0, 20) }], {}],
    ['there is no token', [{ id: 1, run: 10, archive }], { token: undefined }],
  ])('is nothing, and says so, when %s', async (_why, left, given) => {
    const { found, warned } = ask('auto', left, given);
    expect(await found).toBeUndefined();
    expect(warned).toEqual([expect.stringContaining('everything is built')]);
  });
});

describe('a run that is named', () => {
  it('gives its release, also when the run failed', async () => {
    const left = [
      { id: 1, run: 10, archive },
      { id: 2, run: 20, conclusion: 'failure', archive: archiveOf({ 'release.json': 'another' }) },
    ];
    expect(await ask('20', left).found).toBe('another');
  });

  it('must have one', async () => {
    await expect(ask('30', [{ id: 1, run: 10, archive }]).found).rejects.toThrow('run 30 has no artifact');
    await expect(ask('10', [{ id: 1, run: 10, archive, expired: true }]).found).rejects.toThrow('none any more');
  });

  it('must be a run', async () => {
    await expect(ask('latest', []).found).rejects.toThrow('previous-run is no run');
    await expect(ask('../../x', []).found).rejects.toThrow('previous-run is no run');
  });

  it('needs a token', async () => {
    await expect(ask('10', [], { token: undefined }).found).rejects.toThrow('the input token is missing');
  });
});
