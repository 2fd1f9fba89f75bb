// The runner of the stories, held against GitHub's own reading of action.yml and on small actions of its own.
import { NoOperationTraceWriter } from '@actions/workflow-parser';
import { convertActionTemplate, parseAction as parseOfficially } from '@actions/workflow-parser/actions/index';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAction } from '../../runner/action-file.ts';
import { Runner } from '../../runner/runner.ts';
import { ACTION_FOLDERS, readText } from '../actions/repository.ts';

const HEAD = 'name: probe\ndescription: A probe.\n';
const PROBE = `${HEAD}inputs:
  who: { description: Whom., default: world }
  where: { description: Where., default: "\${{ github.actor }}" }
  none: { description: Nothing. }
outputs:
  said: { description: What was said., value: "\${{ steps.say.outputs.said }}!" }
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      env: { WHO: "\${{ inputs.who }}" }
      run: |
        echo "said=hello $WHO of \${{ inputs.where }}\${{ inputs.none }}" >> "$GITHUB_OUTPUT"
        echo "COLOUR=blue" >> "$GITHUB_ENV"
        echo "# Summary" >> "$GITHUB_STEP_SUMMARY"
    - id: verb
      uses: $/verb
      with: { text: "\${{ steps.say.outputs.said }}" }
    - uses: actions/checkout@0123
    - if: inputs.who == 'nobody'
      shell: sh
      run: false
    - id: last
      if: always()
      shell: bash
      run: echo "outcome of verb is \${{ steps.verb.outcome }}"
`;
const VERB = `${HEAD}inputs:
  text: { description: A text. }
  two-words: { description: Another. }
outputs:
  heard: { description: What it heard. }
runs:
  using: node24
  main: main.js
`;
const MAIN = `const { appendFileSync } = require('node:fs');
const { INPUT_TEXT, COLOUR } = process.env;
appendFileSync(process.env.GITHUB_OUTPUT, 'heard=' + INPUT_TEXT + ' in ' + COLOUR + process.env['INPUT_TWO-WORDS'] + '\\n');
console.log('in', process.cwd(), process.env.WHO);
process.exitCode = INPUT_TEXT.includes('nobody') ? 3 : 0;
`;

let folder = '';
let runner: Runner;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-'));
  put('probe/action.yml', PROBE);
  put('verb/action.yml', VERB);
  put('verb/main.js', MAIN);
  mkdirSync(join(folder, 'temp'));
  runner = runnerWith({ 'actions/checkout': () => ({}) });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function put(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function runnerWith(others: Readonly<Record<string, () => Readonly<Record<string, string>>>>): Runner {
  return new Runner({
    ...{ repository: folder, workspace: join(folder, 'workspace'), temp: join(folder, 'temp'), others },
    environment: { PATH: process.env['PATH'] ?? '' },
    github: { actor: 'octo' },
  });
}

describe('the runner', () => {
  it('hands inputs, outputs, variables and summaries from step to step', async () => {
    const { outcome, told, steps, log } = await runner.run('probe');
    expect(outcome).toBe('success');
    expect(told.outputs).toEqual({ said: 'hello world of octo!' });
    expect(told.summary).toBe('# Summary\n');
    expect(steps.map((step) => `${step.id} ${step.outcome}`)).toEqual([
      'say success',
      'verb success',
      '__2 success',
      '__3 skipped',
      'last success',
    ]);
    expect(steps[1]?.told.outputs).toEqual({ heard: 'hello world of octo in blue' });
    expect(log).toContain(`in ${join(folder, 'workspace')} undefined`);
  });

  it('leaves out what comes after a failure, but for what always runs', async () => {
    const { outcome, steps, log } = await runner.run('probe', { who: 'nobody' });
    expect(outcome).toBe('failure');
    expect(steps.map((step) => step.outcome)).toEqual(['success', 'failure', 'skipped', 'skipped', 'success']);
    expect(log).toContain('outcome of verb is failure');
  });

  it('goes on after a failure that is allowed', async () => {
    put(
      'lenient/action.yml',
      `${HEAD}runs:\n  using: composite\n  steps:\n    - { run: exit 1, shell: bash, continue-on-error: true }\n`,
    );
    expect(await runner.run('lenient')).toMatchObject({ outcome: 'success', steps: [{ outcome: 'failure' }] });
  });

  it('runs nothing that it does not know', async () => {
    await expect(runner.run('probe', { whom: 'x' })).rejects.toThrow('probe has no input whom');
    await expect(runnerWith({}).run('probe')).rejects.toThrow('nobody stands in for actions/checkout@0123');
    put(
      'odd/action.yml',
      `${HEAD}runs:\n  using: composite\n  steps:\n    - { run: ls, shell: bash, timeout-minutes: 1 }\n`,
    );
    await expect(runner.run('odd')).rejects.toThrow('timeout-minutes');
    put('old/action.yml', `${HEAD}runs: { using: node20, main: x.js }\n`);
    await expect(runner.run('old')).rejects.toThrow('using');
  });
});

describe("an action.yml, read by us and by GitHub's own parser", () => {
  it.each([
    ['the probe', PROBE] as const,
    ...['.', ...ACTION_FOLDERS].map((name) => [name, readText(join(name, 'action.yml'))] as const),
  ])('is the same: %s', (name, yaml) => {
    const { context, value } = parseOfficially({ name: `${name}.yml`, content: yaml }, new NoOperationTraceWriter());
    if (value === undefined) throw new Error(`${name} is no action`);
    const official = convertActionTemplate(context, value);
    const own = parseAction(yaml);
    expect(context.errors.getErrors()).toEqual([]);
    expect(Object.keys(own.inputs)).toEqual((official.inputs ?? []).map(({ id }) => id));
    for (const { id, default: standard } of official.inputs ?? []) {
      expect(own.inputs[id]?.default ?? '', id).toBe(standard === undefined ? '' : String(standard));
    }
    expect(Object.keys(own.outputs)).toEqual((official.outputs ?? []).map(({ id }) => id));
    for (const { id, value: written } of official.outputs ?? []) {
      if (written !== undefined) expect(reformed(own.outputs[id]?.value ?? '')).toBe(reformed(String(written)));
    }
    expect(stepsOf(own)).toEqual(officialStepsOf(official));
  });
});

type Official = ReturnType<typeof convertActionTemplate>;

function stepsOf({ runs }: ReturnType<typeof parseAction>): unknown {
  if (runs.using !== 'composite') return { using: runs.using, main: runs.main };
  return runs.steps.map(({ uses, run, condition }) => {
    return { does: uses ?? (run?.includes('${{') === true ? 'an expression' : run?.trim()), condition };
  });
}

function officialStepsOf({ runs }: Official): unknown {
  if (runs.using === 'docker') return 'a container';
  if (runs.using !== 'composite') return { using: runs.using, main: runs.main };
  return runs.steps.map((step) => {
    const does = 'uses' in step ? String(step.uses) : 'run' in step ? String(step.run).trim() : 'something else';
    const condition = step.if?.expression;
    return { does: does.startsWith('${{') ? 'an expression' : does, condition };
  });
}

/** The official parser turns a text around an expression into a call of format. */
function reformed(text: string): string {
  const [, whole, expression] = /^\$\{\{ format\('([^']*)', (.*)\) \}\}$/.exec(text) ?? [];
  return (whole?.replace('{0}', `\${{ ${expression} }}`) ?? text).trim();
}
