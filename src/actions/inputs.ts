// What each door takes and gives: the tables the action.yml files are compared with, and the one reader of inputs.
import * as core from '@actions/core';
import { forgetVariable } from '../world/environment.ts';

/** The names of the inputs of every verb's action. */
export const INPUTS = {
  validate: ['root', 'config', 'folder'],
  plan: ['root', 'config', 'since', 'previous', 'previous-run', 'token', 'folder'],
  build: ['root', 'build-args', 'secrets', 'folder'],
  verify: ['folder'],
  publish: ['folder'],
  cutover: [
    ...['machine', 'services', 'soak-ms', 'return', 'wave'],
    ...['token', 'registry-username', 'registry-password', 'folder'],
  ],
  report: ['folder'],
} as const;

/** The names of the outputs of every verb's action. */
export const OUTPUTS = {
  validate: ['findings'],
  plan: ['tag', 'build', 'canary', 'batches', 'machines', 'on-failure'],
  build: ['tag', 'images'],
  verify: ['verdict'],
  publish: ['tags'],
  cutover: ['outcome'],
  report: ['evidence', 'summary'],
} as const;

export type Verb = keyof typeof INPUTS;
export type OutputName<V extends Verb> = (typeof OUTPUTS)[V][number];

/** The inputs of one verb: an empty or missing one is undefined. */
export type Inputs<V extends Verb> = (name: (typeof INPUTS)[V][number]) => string | undefined;

/** Reads all inputs of a verb, once, and takes them out of the environment: what is started later sees no token of them. */
export function readInputs<V extends Verb>(verb: V): Inputs<V> {
  const values = new Map<string, string>(INPUTS[verb].map((name) => [name, core.getInput(name)]));
  for (const name of INPUTS[verb]) forgetVariable(`INPUT_${name.toUpperCase()}`);
  return (name) => {
    const value = values.get(name);
    return value === '' ? undefined : value;
  };
}

/** A flag of the terminal's command and its value, or nothing when the input is absent. */
export function flag(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`--${name}`, value];
}

/** The lines of an input that is a list, without the empty ones. */
export function linesOf(value: string | undefined): readonly string[] {
  const lines = (value ?? '').split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '');
}
