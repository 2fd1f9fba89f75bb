// The action.yml files against what the program reads and writes.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INPUTS, OUTPUTS, type Verb } from '../../../src/actions/inputs.ts';
import { ACTION_FOLDERS, readAction, ROOT } from './repository.ts';

const isVerb = (name: string): name is Verb => name in INPUTS;
const verbs = ACTION_FOLDERS.filter(isVerb);

describe('the actions', () => {
  it('are one per verb of the program', () => {
    expect(ACTION_FOLDERS.toSorted()).toEqual(Object.keys(INPUTS).toSorted());
  });

  it.each(verbs)('%s takes the inputs that the program reads', (verb) => {
    expect(Object.keys(readAction(verb).inputs ?? {}).toSorted()).toEqual(INPUTS[verb].toSorted());
  });

  it.each(verbs)('%s gives the outputs that the program writes', (verb) => {
    expect(Object.keys(readAction(verb).outputs ?? {}).toSorted()).toEqual(OUTPUTS[verb].toSorted());
  });

  it.each(verbs)('%s runs on Node 24 from a file that exists', (verb) => {
    const { using, main = '' } = readAction(verb).runs;
    expect(using).toBe('node24');
    expect(main).toBe(`../dist/${verb}/index.js`);
    expect(existsSync(join(ROOT, verb, main))).toBe(true);
  });

  it.each([...verbs, '.'])('%s describes every input and output', (folder) => {
    const { inputs = {}, outputs = {} } = readAction(folder);
    for (const { description } of [...Object.values(inputs), ...Object.values(outputs)]) {
      expect(description).toMatch(/\S\.$/);
    }
  });
});

describe('the action of the root', () => {
  const root = readAction('.');
  const steps = root.runs.steps ?? [];
  const verbOf = (uses: string | undefined): string => (uses ?? '').replace('$/', '');

  it('tells the story verb by verb, up to the tags, and reports', () => {
    expect(steps.map(({ uses }) => uses)).toEqual([
      '$/validate',
      '$/plan',
      '$/build',
      '$/verify',
      '$/publish',
      '$/report',
    ]);
  });

  it('hands every input of a verb on, and has no input that goes nowhere', () => {
    for (const { uses, with: given = {} } of steps) {
      const verb = verbOf(uses);
      if (!isVerb(verb)) throw new Error(`${verb} is no verb`);
      expect(Object.keys(given).toSorted()).toEqual(INPUTS[verb].toSorted());
      for (const [name, value] of Object.entries(given)) expect(value).toBe(`\${{ inputs.${name} }}`);
    }
    const handed = new Set(steps.flatMap(({ with: given = {} }) => Object.keys(given)));
    expect(Object.keys(root.inputs ?? {}).toSorted()).toEqual([...handed].sort());
  });

  it('takes its outputs from steps that give them', () => {
    for (const { value } of Object.values(root.outputs ?? {})) {
      const [, id = '', output = ''] = /^\$\{\{ steps\.(\w+)\.outputs\.([\w-]+) \}\}$/.exec(value ?? '') ?? [];
      const verb = verbOf(steps.find((step) => step.id === id)?.uses);
      if (!isVerb(verb)) throw new Error(`${value} comes from no step`);
      expect(OUTPUTS[verb]).toContain(output);
    }
  });
});
