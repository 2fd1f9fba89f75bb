import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemFiles as files } from '../../../src/world/files.ts';

describe('files', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'files-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('what is not there is undefined, not a fault', async () => {
    expect(await files.readText(join(folder, 'none'))).toBeUndefined();
    expect(await files.facts(join(folder, 'none', 'deeper'))).toBeUndefined();
    expect(await files.list(join(folder, 'none'))).toBeUndefined();
  });

  test('what can not be read is a fault that names the path', async () => {
    await expect(files.readText(folder)).rejects.toMatchObject({ code: 'host', detail: { where: folder } });
  });

  test('an atomic write makes folders, sets the mode and leaves no temporary file', async () => {
    const path = join(folder, 'a/b/file');
    await files.writeAtomic(path, 'first', 0o600);
    await files.writeAtomic(path, 'second', 0o640);
    expect(await files.readText(path)).toBe('second');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readdir(join(folder, 'a/b'))).toEqual(['file']);
  });

  test('appending keeps what was there', async () => {
    const path = join(folder, 'journal');
    await files.appendDurable(path, 'one\n');
    await files.appendDurable(path, 'two\n');
    expect(await files.readText(path)).toBe('one\ntwo\n');
  });

  test('lists by name with the kind', async () => {
    await writeFile(join(folder, 'b'), '');
    await files.makeFolder(join(folder, 'a'));
    expect(await files.list(folder)).toEqual([
      { name: 'a', kind: 'folder' },
      { name: 'b', kind: 'file' },
    ]);
  });

  test('removing what is not there is fine', async () => {
    await expect(files.remove(join(folder, 'none'))).resolves.toBeUndefined();
  });

  test('tells free bytes as a positive number', async () => {
    expect(await files.freeBytes(folder)).toBeGreaterThan(0);
  });
});
