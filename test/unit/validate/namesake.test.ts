// A FROM that names the image of another registry although a Dockerfile of this repository bears its name.
import { expect, test } from 'vitest';
import { validate } from '../../../src/validate/validate.ts';
import { API, edited, type Edit } from '../../fakes/golden-fleet.ts';
import { repositoryWorld, ROOT } from '../../fakes/repository-world.ts';

async function check(edits: readonly Edit[], extra: Record<string, string> = {}) {
  const notes: string[] = [];
  const world = repositoryWorld({ files: edited(edits, extra) });
  const log = { ...world.log, info: (text: string) => void notes.push(text) };
  return { findings: (await validate({ ...world, log }, { root: ROOT })).findings, notes };
}

const from = (reference: string): Edit => [API, 'ghcr.io/acme/small/base:main', reference];

test('RA202 says what FROM would build it here, instead of asking for a digest nobody published', async () => {
  const { findings } = await check([from('ghcr.io/acme/large/base:main')]);
  const told = findings.filter(({ rule }) => rule === 'RA202');
  expect(told.length).toBeGreaterThan(0);
  for (const one of told) {
    expect(one).toMatchObject({
      message: 'ghcr.io/acme/large/base:main is taken from outside, although images/base/Dockerfile bears its name',
      expected: 'ghcr.io/acme/small/base, which this repository builds, or a digest',
      cure: 'images/base/Dockerfile would build this if FROM named ghcr.io/acme/small/base; if the other one is meant, add its digest',
    });
  }
});

test('RA201 says so of a floating tag too', async () => {
  const { findings } = await check([from('ghcr.io/acme/large/base')]);
  expect(findings.find(({ rule }) => rule === 'RA201')?.cure).toContain('if FROM named ghcr.io/acme/small/base');
});

test.each(['ghcr.io/acme/large/other:main', 'python:3.11-slim-bookworm', 'base:1'])(
  '%s gets the usual cure',
  async (reference) => {
    const { findings } = await check([from(reference)], { 'python/Dockerfile': 'FROM scratch\n' });
    expect(findings.find(({ rule }) => rule === 'RA202')?.cure).toContain('imagetools inspect');
  },
);

test('a Dockerfile that no service needs is told as not checked', async () => {
  const { notes } = await check([from('ghcr.io/acme/large/base:main')]);
  expect(notes).toContain('not checked, since no service of the fleet needs it: images/base/Dockerfile');
});

test('nothing is told where every Dockerfile is checked', async () => {
  expect((await check([])).notes).toEqual([]);
});
