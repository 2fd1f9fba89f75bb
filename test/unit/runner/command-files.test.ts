// What a step writes for the runner, and what the runner reads.
import * as core from '@actions/core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { commandFiles, parsePairs } from '../../runner/command-files.ts';

describe('pairs', () => {
  it('stand on lines or in blocks', () => {
    expect(parsePairs('a=1\nb<<END\none=two\n\nthree\nEND\nc=x=y\n')).toEqual({
      a: '1',
      b: 'one=two\n\nthree',
      c: 'x=y',
    });
  });

  it.each(['a<<END\nno end', 'neither', '=1'])('are refused as %j', (text) => {
    expect(() => parsePairs(text)).toThrow();
  });
});

describe('the files of a step', () => {
  const folder = mkdtempSync(join(tmpdir(), 'command-files-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
    vi.unstubAllEnvs();
  });

  it('are read as the official toolkit writes them', async () => {
    const files = commandFiles(folder, 'one');
    for (const [name, value] of Object.entries(files.variables)) vi.stubEnv(name, value);
    vi.stubEnv('PATH', process.env['PATH']);
    core.setOutput('tag', 'r1\nEOF\nr2');
    core.setOutput('list', [1, 2]);
    core.exportVariable('COLOUR', 'blue');
    core.addPath('/opt/tool');
    await core.summary.addRaw('# Done').write();
    expect(files.read()).toEqual({
      outputs: { tag: 'r1\nEOF\nr2', list: '[1,2]' },
      variables: { COLOUR: 'blue' },
      path: ['/opt/tool'],
      summary: '# Done',
    });
  });
});
