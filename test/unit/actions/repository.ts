// The actions and workflows of this repository, read for the tests that hold them to their rules.
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '../../..');

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

export interface ActionFile {
  readonly name: string;
  readonly description: string;
  readonly inputs?: Readonly<Record<string, { readonly description: string; readonly required?: boolean }>>;
  readonly outputs?: Readonly<Record<string, { readonly description: string; readonly value?: string }>>;
  readonly runs: { readonly using: string; readonly main?: string; readonly steps?: readonly Step[] };
}

export interface Job {
  readonly uses?: string;
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}

export interface WorkflowFile {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** Paths of all workflows, relative to the repository. */
export const WORKFLOWS = readdirSync(join(ROOT, '.github/workflows')).map((name) => `.github/workflows/${name}`);

/** The folders of the verbs' actions. */
export const ACTION_FOLDERS = readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, 'action.yml')));

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function readAction(folder: string): ActionFile {
  const action: ActionFile = parse(readText(join(folder, 'action.yml')));
  return action;
}

export function readWorkflow(path: string): WorkflowFile {
  const workflow: WorkflowFile = parse(readText(path));
  return workflow;
}

/** Every step of every job. */
export function stepsOf(workflow: WorkflowFile): readonly Step[] {
  return Object.values(workflow.jobs).flatMap(({ steps = [] }) => steps);
}
