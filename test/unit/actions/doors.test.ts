// The doors of the actions, entered as the runner enters them.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildTarget, planWith } from '../../fakes/plans.ts';
import { ROOT } from './repository.ts';
import { FakeRunner, type DoorRun } from './runner.ts';

let runner: FakeRunner;
beforeEach(() => {
  runner = new FakeRunner();
});
afterEach(() => {
  runner.remove();
});

describe('a door', () => {
  it('says what is missing in one annotation and ends with the exit code of a fault', () => {
    const run = runner.enter('verify');
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toMatch(/^::error::there is no file .*release\.json/m);
    expect(run.stdout).toContain('cure');
    expect(run.outputs).toEqual({});
  });

  it('refuses a torn document and names it', () => {
    runner.put('release', { schema: 'rollout/release', version: 1 });
    const run = runner.enter('verify');
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toContain('release.json is not the document this verb needs');
  });

  it('takes the folder it is told instead of its own', () => {
    const run = runner.enter('verify', { folder: '/nowhere' });
    expect(run.stdout).toContain('there is no file /nowhere/release.json');
  });

  it('takes an empty input for an absent one', () => {
    expect(runner.enter('verify', { folder: '' }).stdout).toContain(runner.document('release'));
  });

  it('asks to report a bug when something is no fault', () => {
    const run = runner.enter('nowhere');
    expect(run.exitCode).not.toBe(0);
    expect(run.stderr).toContain('there is no door nowhere');
  });
});

describe('the door of validate', () => {
  it('finds nothing wrong with the example fleet', () => {
    const run = runner.enter('validate', { root: join(ROOT, 'examples/fleet') });
    expect(run.exitCode).toBe(0);
    expect(run.outputs).toEqual({ findings: '0' });
    expect(existsSync(runner.document('findings'))).toBe(true);
  });

  it('annotates a finding at its line, in the path the repository knows it by, and fails', () => {
    cpSync(join(ROOT, 'examples/fleet'), join(runner.workspace, 'sub'), { recursive: true });
    writeFileSync(join(runner.workspace, 'sub/rollout.yml'), 'version: 1\nregistry: ghcr.io/acme/fleet\nmachine: {}\n');
    const run = runner.enter('validate', { root: 'sub' });
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toMatch(/^::error file=sub\/rollout\.yml,line=\d+/m);
    expect(Number(run.outputs['findings'])).toBeGreaterThan(0);
  });
});

describe('the door of plan', () => {
  beforeEach(() => {
    cpSync(join(ROOT, 'examples/fleet'), runner.workspace, { recursive: true });
    git('init', '-q', '-b', 'main');
    git('add', '-A');
    git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-q', '-m', 'The fleet');
  });

  it('writes the plan and hands out the waves as matrices', () => {
    const run = runner.enter('plan');
    expect(run.stdout).not.toContain('::error::');
    expect(run.exitCode).toBe(0);
    expect(run.outputs['tag']).toMatch(/^\d{8}-[0-9a-f]{7}$/);
    const [canary]: readonly { services: string }[] = JSON.parse(run.outputs['canary'] ?? '');
    expect(canary).toMatchObject({ machine: 'mainpc', runsOn: '["self-hosted","mainpc"]' });
    expect(canary?.services).toContain('model_ops_coordinator');
    const batches: readonly unknown[] = JSON.parse(run.outputs['batches'] ?? '');
    expect(batches.length).toBeGreaterThan(1);
    expect(JSON.parse(run.outputs['machines'] ?? '')).toHaveLength(2);
    const plan: { build: readonly unknown[] } = JSON.parse(readFileSync(runner.document('plan'), 'utf8'));
    expect(String(plan.build.length)).toBe(run.outputs['build']);
  });

  it('reads another configuration when told so, and writes no plan without one', () => {
    const run = runner.enter('plan', { config: 'other.yml' });
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('other.yml');
    expect(existsSync(runner.document('plan'))).toBe(false);
  });

  function git(...args: string[]): void {
    execFileSync('git', args, { cwd: runner.workspace });
  }
});

describe('the door of build', () => {
  /** Notes what it is given, and fails as a builder does. */
  const DOCKER = `#!/bin/sh
    cat > "$HOME/definition"
    env > "$HOME/environment"
    echo 'ERROR: failed to solve: step did not complete successfully' >&2
    exit 1`;
  const given = () => readFileSync(join(runner.folder, 'environment'), 'utf8').split('\n');

  function build(secrets: string): DoorRun {
    const plan = planWith([buildTarget('web')], [], { buildSecrets: ['hf_token'] });
    runner.program('docker', DOCKER);
    runner.program('git', `#!/bin/sh\necho ${plan.revision}`);
    runner.put('plan', plan);
    return runner.enter('build', { secrets });
  }

  it('hands the builder the secrets that rollout.yml names, and masks them', () => {
    const run = build('hf_token=hf_1\nother=secret_2');
    expect(given()).toContain('hf_token=hf_1');
    expect(readFileSync(join(runner.folder, 'definition'), 'utf8')).toContain('id=hf_token,env=hf_token');
    expect(run.stdout).toContain('::add-mask::hf_1');
    expect(run.exitCode).toBe(2);
  });

  it('keeps every other secret to itself, and says so', () => {
    const run = build('hf_token=hf_1\nother=secret_2');
    expect(given().join('\n')).not.toContain('secret_2');
    expect(run.stderr).toContain('does not name other');
    expect(run.stdout.replaceAll(/::add-mask::.*/g, '') + run.stderr).not.toContain('secret_2');
  });

  it('starts no program with the inputs of the action in its environment', () => {
    build('hf_token=hf_1');
    expect(given().filter((line) => line.startsWith('INPUT_'))).toEqual([]);
  });

  it('takes a secret from the environment of the step as well', () => {
    expect(build('').stdout).toContain('the build secret hf_token has no value');
  });
});

describe('the door of report', () => {
  it('draws what is there together and puts the summary on the page of the run', () => {
    runner.put('findings', { schema: 'rollout/findings', version: 1, checked: ['Dockerfile'], findings: [] });
    const run = runner.enter('report');
    expect(run.exitCode).toBe(0);
    expect(run.outputs).toEqual({
      evidence: runner.document('evidence'),
      summary: join(runner.temp, 'rollout/summary.md'),
    });
    expect(run.summary.trim()).toBe(readFileSync(run.outputs['summary'] ?? '', 'utf8').trim());
    const evidence: { findings: unknown } = JSON.parse(readFileSync(runner.document('evidence'), 'utf8'));
    expect(evidence.findings).toMatchObject({ checked: ['Dockerfile'] });
  });
});

describe('the door of cutover', () => {
  it('asks for the machine it stands on', () => {
    const run = runner.enter('cutover');
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toContain('::error::the input machine is missing');
  });
});
