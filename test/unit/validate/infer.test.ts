// Without rollout.yml: what is taken for a service, a base, a context, and what is never guessed at.
import { describe, expect, test } from 'vitest';
import { parseCompose } from '../../../src/config/compose.ts';
import { parseDockerfile } from '../../../src/images/dockerfile.ts';
import { plantTree } from '../../../src/validate/context.ts';
import { inferFleet, type ImageSpec } from '../../../src/validate/infer.ts';
import { check } from '../../fakes/golden-fleet.ts';

function infer(files: Readonly<Record<string, string>>): Readonly<Record<string, ImageSpec>> {
  const entries = Object.entries(files);
  const dockerfiles = new Map(
    entries.flatMap(([file, text]) => (file.includes('ockerfile') ? [[file, parseDockerfile(text)] as const] : [])),
  );
  const composes = entries.flatMap(([file, text]) => (file.endsWith('.yml') ? [parseCompose(text, file)] : []));
  const { specs } = inferFleet({ dockerfiles, composes, tree: plantTree(Object.keys(files)) });
  return Object.fromEntries(specs.map((spec) => [spec.file, spec]));
}

describe('a role', () => {
  test('is service where compose builds it, with the context and arguments said there', () => {
    const found = infer({
      'deploy/compose.yml': 'services:\n  a:\n    build: { context: ../a, args: { X: "1" } }\n    ports: ["80:8000"]\n',
      'a/Dockerfile': 'FROM x:1',
    });
    expect(found['a/Dockerfile']).toMatchObject({
      role: 'service',
      context: 'a',
      contextInferred: false,
      arguments: { X: '1' },
      ports: [8000],
    });
  });

  test('is service where compose runs an image of its name', () => {
    expect(
      infer({ 'compose.yml': 'services:\n  x:\n    image: ghcr.io/acme/a:1\n', 'a/Dockerfile': 'FROM x:1' })[
        'a/Dockerfile'
      ]?.role,
    ).toBe('service');
  });

  test('is family where others are built on it, although it has a CMD', () => {
    const found = infer({
      'base/Dockerfile': 'FROM x:1\nCMD ["x"]',
      'a/Dockerfile': 'FROM ghcr.io/acme/base:1\nCMD ["y"]',
    });
    expect(Object.values(found).map(({ role }) => role)).toEqual(['family', 'service']);
  });

  test('is unknown where nothing starts', () => {
    expect(infer({ 'a/Dockerfile': 'FROM x:1\nRUN true' })['a/Dockerfile']?.role).toBe('unknown');
  });
});

describe('a base', () => {
  test.each([
    ['ghcr.io/acme/redis:7', true],
    ['redis', true],
    ['redis:local', true],
    ['redis:7', false],
    ['python:3.11', false],
  ])('%s is of this repository: %s', (reference, own) => {
    const found = infer({
      'redis/Dockerfile': 'FROM x:1',
      'python/Dockerfile': 'FROM x:1',
      'a/Dockerfile': `FROM ${reference}`,
    });
    expect(found['a/Dockerfile']?.bases.has(reference)).toBe(own);
  });

  test('of two Dockerfiles by one name is neither', () => {
    const found = infer({
      'x/base/Dockerfile': 'FROM x:1',
      'y/base/Dockerfile': 'FROM x:1',
      'a/Dockerfile': 'FROM ghcr.io/acme/base:1',
    });
    expect(found['a/Dockerfile']?.bases.size).toBe(0);
  });

  test('that is built on its own child is checked like any other', async () => {
    const found = await check({
      'a/Dockerfile': 'FROM ghcr.io/acme/b:1\nRUN apt-get update',
      'b/Dockerfile': 'FROM ghcr.io/acme/a:1\nNOSUCH',
    });
    expect(found.map(({ rule, file }) => `${rule} ${file}`)).toContain('RA101 b/Dockerfile');
  });
});

describe('a context', () => {
  test('is the folder in which most sources are', () => {
    const found = infer({ 'a/Dockerfile': 'FROM x:1\nCOPY main.py lib /app/', 'a/main.py': '', 'a/lib/x.py': '' });
    expect(found['a/Dockerfile']).toMatchObject({ context: 'a', contextInferred: true });
  });

  test('is the root where it is even', () => {
    expect(
      infer({ 'a/Dockerfile': 'FROM x:1\nCOPY main.py /app/', 'a/main.py': '', 'main.py': '' })['a/Dockerfile']
        ?.context,
    ).toBe('.');
  });

  test('that nobody declared is not held against a file that another one has', async () => {
    const files = {
      'a/Dockerfile': 'FROM x:1\nCOPY one.py two.py gone.py /app/',
      'a/one.py': '',
      'a/three.py': '',
      'two.py': '',
    };
    const found = (await check(files)).filter(({ rule }) => rule === 'RA501');
    expect(found.map(({ message }) => message)).toEqual(['gone.py is not in the build context .']);
  });
});
