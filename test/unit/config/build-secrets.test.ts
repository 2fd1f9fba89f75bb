// Build secrets: the ids of rollout.yml against the mounts of the Dockerfiles.
import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { repositoryWorld, ROOT } from '../../fakes/repository-world.ts';
import { BUS, ROLLOUT, smallFleet } from '../../fakes/small-fleet.ts';

async function found(mount: string | undefined, secrets: string | undefined) {
  const files = smallFleet({
    'rollout.yml': secrets === undefined ? ROLLOUT : `${ROLLOUT}build: { secrets: ${secrets} }\n`,
    'bus/Dockerfile': mount === undefined ? BUS : `${BUS}RUN --mount=type=secret,${mount} true\n`,
  });
  return (await resolveConfig(repositoryWorld({ files }), { root: ROOT, file: 'rollout.yml' })).findings;
}

test('a mounted id that is not declared is an error at its RUN, with the nearest that is', async () => {
  expect(await found('id=hf_tokn', '[hf_token]')).toMatchObject([
    {
      ...{ rule: 'RC014', severity: 'error', breaks: 'build', file: 'bus/Dockerfile', line: 5, got: 'hf_tokn' },
      cure: 'did you mean hf_token? Else write: build: { secrets: [hf_token, hf_tokn] }',
    },
  ]);
});

test.each(['id=other', 'target=/run/secrets/other', 'target=/x/other,required=true'])(
  '%s without any declared is an error with the line to write',
  async (mount) => {
    expect(await found(mount, undefined)).toMatchObject([
      { rule: 'RC014', cure: 'write in rollout.yml: build: { secrets: [other] }' },
    ]);
  },
);

test.each([
  ['id=hf_token', '[hf_token]'],
  ['id=hf_token,required=false', undefined],
  ['id=$WHICH', undefined],
])('%s with %s is fine', async (mount, secrets) => {
  expect(await found(mount, secrets)).toEqual([]);
});

test('an id that no Dockerfile mounts is a warning at its place', async () => {
  expect(await found(undefined, '[hf_token]')).toMatchObject([
    {
      ...{ rule: 'RC012', severity: 'warning', file: 'rollout.yml', line: 9, column: 20 },
      message: 'no Dockerfile that is built mounts the secret hf_token',
    },
  ]);
});
