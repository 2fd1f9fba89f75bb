// The packages of the sandbox's index: their bytes never change unless their sources do.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { hashLines, makePackages, PACKAGE_SOURCES } from '../../../sandbox/packages.ts';

test('the packages made from the sources have the committed hashes', async () => {
  const committed = await readFile(join(PACKAGE_SOURCES, 'HASHES.txt'), 'utf8');
  expect(hashLines(await makePackages())).toBe(committed);
});

test('two runs make the same bytes', async () => {
  const [first, second] = await Promise.all([makePackages(), makePackages()]);
  expect(hashLines(first)).toBe(hashLines(second));
});

test('a folder with a pyproject.toml becomes an sdist, any other a wheel', async () => {
  const names = (await makePackages()).map(({ filename }) => filename);
  expect(names).toContain('fleetkit-1.1.0-py3-none-any.whl');
  expect(names).toContain('pulsemath-0.4.0.tar.gz');
});

test('an sdist is gzip of a tar whose length is whole blocks', async () => {
  const sdists = (await makePackages()).filter(({ filename }) => filename.endsWith('.tar.gz'));
  for (const { bytes } of sdists) expect(gunzipSync(bytes).length % 512).toBe(0);
});

test('tar and unzip of another hand read what is written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'packages-'));
  try {
    for (const { filename, bytes } of await makePackages()) {
      await writeFile(join(folder, filename), bytes);
      const argv = filename.endsWith('.whl')
        ? ['python3', '-c', 'import sys,zipfile; assert zipfile.ZipFile(sys.argv[1]).testzip() is None', filename]
        : ['tar', '-tzf', filename];
      const [command = '', ...rest] = argv;
      execFileSync(command, rest, { cwd: folder, stdio: 'pipe' });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
