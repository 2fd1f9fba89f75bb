import { mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemFiles as files } from '../../../src/world/files.ts';
import { systemProcesses } from '../../../src/world/process.ts';

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
    await expect(files.readText(folder)).rejects.toMatchObject({ code: 'input', detail: { where: folder } });
  });

  test('a pipe or a device is refused, not waited for', async () => {
    const pipe = join(folder, 'pipe');
    await systemProcesses.run(['mkfifo', pipe], { deadlineMs: 5_000 });
    const refused = { code: 'input', detail: { where: pipe, expected: 'a file', found: 'a pipe' } };
    await expect(files.readText(pipe)).rejects.toMatchObject(refused);
    await expect(files.readBytes('/dev/zero')).rejects.toMatchObject({ code: 'input', detail: { found: 'a device' } });
  });

  test('what is no file is never replaced by one', async () => {
    const pipe = join(folder, 'pipe');
    await systemProcesses.run(['mkfifo', pipe], { deadlineMs: 5_000 });
    await expect(files.writeAtomic(pipe, 'x')).rejects.toMatchObject({ code: 'host', detail: { found: 'a pipe' } });
    expect((await files.facts(pipe))?.kind).toBe('other');
  });

  test.each(['makeFolder', 'writeAtomic', 'appendDurable'] as const)(
    '%s below /proc, where no folder can be made, is a fault that says so',
    async (act) => {
      const path = '/proc/rollout/deep/file';
      const failed = expect.objectContaining({ where: path, cure: expect.any(String), expected: expect.any(String) });
      await expect(files[act](path, 'x')).rejects.toMatchObject({ code: 'host', detail: failed });
    },
  );

  test('a folder is made level by level, also beside others who make it', async () => {
    const path = join(folder, 'a/b/c/d');
    await Promise.all([1, 2, 3, 4].map(() => files.makeFolder(path)));
    expect((await files.facts(path))?.kind).toBe('folder');
  });

  test('a file in the place of a folder is named', async () => {
    await writeFile(join(folder, 'file'), '');
    const failed = { code: 'host', detail: { found: 'a file' } };
    await expect(files.makeFolder(join(folder, 'file'))).rejects.toMatchObject(failed);
    await expect(files.writeAtomic(join(folder, 'file/deeper'), 'x')).rejects.toMatchObject(failed);
  });

  test('a write that fails leaves nothing half done behind', async () => {
    await files.makeFolder(join(folder, 'taken'));
    const failed = { code: 'host', detail: { expected: 'a file', found: 'a folder', cure: expect.any(String) } };
    await expect(files.writeAtomic(join(folder, 'taken'), 'x')).rejects.toMatchObject(failed);
    expect(await readdir(folder)).toEqual(['taken']);
  });

  test('links that lead in a circle are told as that', async () => {
    await symlink('b', join(folder, 'a'));
    await symlink('a', join(folder, 'b'));
    const failed = { code: 'input', detail: { found: 'links that lead in a circle', cure: expect.any(String) } };
    await expect(files.readText(join(folder, 'a'))).rejects.toMatchObject(failed);
  });

  test('a full disk is told as that', async () => {
    await expect(files.appendDurable('/dev/full', 'x')).rejects.toMatchObject({
      code: 'host',
      detail: { expected: 'room on the disk', found: 'none', cure: expect.stringContaining('free some') },
    });
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
