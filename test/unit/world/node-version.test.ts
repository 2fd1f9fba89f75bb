import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OLDEST_NODE, refuseOldNode } from '../../../src/world/node-version.ts';

test.each(['v18.19.0', 'v20.20.2', 'v22.22.0', 'v23.11.0', 'nonsense', ''])('%s is refused', (version) => {
  expect(() => refuseOldNode(version, '/usr/bin/node')).toThrow(
    expect.objectContaining({
      code: 'unsupported',
      detail: {
        where: '/usr/bin/node',
        expected: 'Node 24 or newer',
        found: version,
        cure: expect.stringContaining('install Node 24'),
      },
    }),
  );
});

test.each(['v24.0.0', 'v24.21.0', 'v26.1.0', 'v100.0.0-nightly'])('%s is taken', (version) => {
  expect(() => refuseOldNode(version, '/usr/bin/node')).not.toThrow();
});

test.each(['package.json', 'package-lock.json'])('%s asks for the same Node', async (name) => {
  const found: unknown = JSON.parse(await readFile(join(import.meta.dirname, '../../..', name), 'utf8'));
  const wanted = { engines: { node: `>=${OLDEST_NODE}` } };
  expect(found).toMatchObject(name === 'package.json' ? wanted : { packages: { '': wanted } });
});
