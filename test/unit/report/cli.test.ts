// `rollout report` as a process: which files it reads and writes, what it prints, how it exits.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evidenceSchema } from '../../../src/documents/evidence.ts';
import { systemProcesses, type Finished } from '../../../src/world/process.ts';
import { smallRelease } from '../../fakes/fleet-release.ts';
import { canaryFailed, goodFleet, publicationOf, verificationOf } from '../../fakes/rollout-documents.ts';

let folder: string;
const release = smallRelease();
const pathOf = (name: string): string => join(folder, `${name}.json`);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-'));
  const documents = {
    release,
    verification: verificationOf(release),
    publication: publicationOf(release),
    fleet: goodFleet(),
    failed: canaryFailed(),
    host: goodFleet().hosts[0],
  };
  for (const [name, document] of Object.entries(documents)) await writeFile(pathOf(name), JSON.stringify(document));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const rollout = (...args: string[]): Promise<Finished> =>
  systemProcesses.attempt(['node', 'src/cli/main.ts', 'report', ...args], { deadlineMs: 15_000 });
const given = (...names: string[]): string[] => names.flatMap((name) => [`--${name}`, pathOf(name)]);
const IMAGES = ['release', 'verification', 'publication'];

describe('rollout report', () => {
  it('writes evidence and summary, prints the checklist, exits with 0', async () => {
    const out = join(folder, 'out', 'deep');
    const done = await rollout(...given(...IMAGES, 'fleet'), '--output-dir', out);
    expect(done.exitCode).toBe(0);
    expect(done.stdout).toMatch(/^release .*: succeeded\n✓ Images pushed\n {4}4 images/);
    const evidence = evidenceSchema.parse(JSON.parse(await readFile(join(out, 'evidence.json'), 'utf8')));
    expect(evidence.fleet).toEqual(goodFleet());
    expect(await readFile(join(out, 'summary.md'), 'utf8')).toMatch(/^## ✅ Rolled out/);
  });

  it('exits with 4 for a rollout that was rolled back', async () => {
    const done = await rollout(...given(...IMAGES), '--fleet', pathOf('failed'));
    expect(done.exitCode).toBe(4);
    expect(done.stdout).toContain('✗ Canary validated');
  });

  it('reports what there is when a verb never came to write its document', async () => {
    const done = await rollout(...given(...IMAGES), '--fleet', pathOf('missing'));
    expect(done.exitCode).toBe(3);
    expect(done.stderr).toContain(`there is no file ${pathOf('missing')}`);
    expect(done.stdout).toContain('? Batch completed');
  });

  it('draws reports of hosts together', async () => {
    const done = await rollout(...given('release'), '--cutover', pathOf('host'), '--format', 'json');
    expect(JSON.parse(done.stdout)).toMatchObject({ fleet: { hosts: [{ machine: 'mainpc' }], outcome: 'failed' } });
  });

  it('prints the page as Markdown', async () => {
    expect((await rollout(...given('fleet'), '--format', 'markdown')).stdout).toMatch(/^## /);
  });

  it.each([
    [['--format', 'xml'], /--format xml is not known/],
    [['--fleet', 'package.json'], /package\.json is not the document this verb needs/],
    [['--nonsense'], /nonsense/],
  ])('refuses %j', async (args, message) => {
    const done = await rollout(...args);
    expect(done.exitCode).toBe(2);
    expect(done.stderr).toMatch(message);
  });
});
