// The whole mission as the demonstration runs it, on a sandbox of its own, judged by the engines and by the documents it leaves.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDocument } from '../../src/documents/document.ts';
import { evidenceSchema, type Evidence } from '../../src/documents/evidence.ts';

const DEMO = join(import.meta.dirname, '../../demo/main.ts');

describe('three releases of the example fleet on two hosts', () => {
  let folder = '';
  let demo = { code: -1, said: '' };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mission-'));
    demo = await run(['--name', 'mission', '--out', folder]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('all end as they should, by the engines and from outside', () => {
    expect(demo.said.split('\n').filter((line) => line.includes('✗ after') || line.includes('   ✗'))).toEqual([]);
    expect(demo.said).toContain('All three releases ended as they should');
    expect(demo.code).toBe(0);
  });

  test('the first release takes over what was run by hand, and every answer of the checklist is yes', async () => {
    const evidence = await evidenceOf('release-1');
    expect(verdicts(evidence)).toEqual({ 'images-pushed': 'yes', 'canary-validated': 'yes', 'batch-completed': 'yes' });
    expect(evidence.plan?.kept).toEqual([]);
    expect(evidence.fleet?.waves.map((wave) => `${wave.kind} ${wave.machine}`)).toEqual([
      'canary mainpc',
      'batch mainpc',
      'batch pc2',
    ]);
  });

  test('the second release builds and moves only what changed', async () => {
    const evidence = await evidenceOf('release-2');
    expect(verdicts(evidence)).toEqual({ 'images-pushed': 'yes', 'canary-validated': 'yes', 'batch-completed': 'yes' });
    const built = evidence.plan?.build.map((target) => target.name);
    expect(built?.toSorted()).toEqual([
      'model_ops_coordinator-mainpc',
      'unified_observability_center-mainpc',
      'unified_observability_center-pc2',
    ]);
    const services = evidence.fleet?.hosts.flatMap((host) => host.services) ?? [];
    const moved = services.filter((one) => one.outcome === 'succeeded').map((one) => `${one.machine} ${one.service}`);
    expect(moved.toSorted()).toEqual([
      'mainpc model_ops_coordinator',
      'mainpc unified_observability_center',
      'pc2 unified_observability_center',
    ]);
  });

  test('the third release is rolled back at its canary and goes no further', async () => {
    const evidence = await evidenceOf('release-3');
    expect(verdicts(evidence)).toEqual({ 'images-pushed': 'yes', 'canary-validated': 'no', 'batch-completed': 'no' });
    expect(evidence.fleet?.outcome).toBe('rolled-back');
    expect(evidence.fleet?.waves.map((wave) => wave.outcome)).toEqual(['rolled-back', 'skipped', 'skipped']);
  });

  async function evidenceOf(release: string): Promise<Evidence> {
    const path = join(folder, release, 'evidence.json');
    return parseDocument(evidenceSchema, await readFile(path, 'utf8'), path);
  }
});

function verdicts(evidence: Evidence): Record<string, string> {
  return Object.fromEntries(evidence.checklist.map((item) => [item.id, item.verdict]));
}

function run(args: readonly string[]): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, [DEMO, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code: code ?? -1, said });
    });
  });
}
