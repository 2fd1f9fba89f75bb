// What README.md and docs/actions.md say of actions and workflows, held against the files themselves.
import { validate } from '@actions/languageservice';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { ACTION_FOLDERS, readAction, readText, readWorkflow } from './repository.ts';

interface Described {
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: boolean;
}
type Table = Readonly<Record<string, Described | null>>;
type Row = readonly string[];

const README = readText('README.md');
const PAGE = readText('docs/actions.md');
const CALLABLE = ['rollout.yml', 'validate.yml', 'cutover.yml'];

describe('README.md', () => {
  const { inputs = {}, outputs = {} } = readAction('.');

  it('has the inputs and outputs of the root action', () => {
    const section = sectionOf(README, '## As one step');
    expect(tableOf(section, 'input')).toEqual(rowsOf(inputs, 'with defaults'));
    expect(tableOf(section, 'output')).toEqual(rowsOf(outputs));
  });
});

describe('docs/actions.md', () => {
  it.each(ACTION_FOLDERS)('has the inputs and outputs of the action %s', (name) => {
    const section = sectionOf(PAGE, `### \`org/rollout-action/${name}@v1\``);
    const { inputs = {}, outputs = {}, description } = readAction(name);
    expect(tableOf(section, 'input')).toEqual(rowsOf(inputs, 'with defaults'));
    expect(tableOf(section, 'output')).toEqual(rowsOf(outputs));
    expect(oneLine(section)).toContain(oneLine(description));
  });

  it.each(CALLABLE)('has the inputs, secrets and outputs of the workflow %s', (name) => {
    const section = sectionOf(PAGE, `## The workflow \`${name}\``);
    const { inputs, secrets, outputs } = callOf(name);
    expect(tableOf(section, 'input')).toEqual(rowsOf(inputs, 'with defaults'));
    expect(tableOf(section, 'secret')).toEqual(rowsOf(secrets));
    expect(tableOf(section, 'output')).toEqual(rowsOf(outputs));
  });

  it('has no section of an action or workflow that is gone', () => {
    const named = [...PAGE.matchAll(/^### `org\/rollout-action\/(\w+)@v1`$/gm)].map(([, name]) => name);
    expect(named.toSorted()).toEqual(ACTION_FOLDERS.toSorted());
  });
});

describe.each(workflowsIn(README, PAGE))('the workflow shown as number %i', (number, text) => {
  it("is accepted by GitHub's own parser", async () => {
    const whole = /^on:/m.test(text) ? text : `on: workflow_dispatch\n${text}`;
    const document = TextDocument.create(`file:///.github/workflows/shown-${number}.yml`, 'yaml', 1, whole);
    expect((await validate(document, {})).map(({ message }) => message)).toEqual([]);
  });

  it('calls workflows and actions of this repository with what they take', () => {
    const { jobs }: { jobs: Readonly<Record<string, Shown>> } = parse(text);
    for (const { uses, with: given, secrets, steps = [] } of Object.values(jobs)) {
      const [, workflow] = /rollout-action\/\.github\/workflows\/([\w.]+)@v1$/.exec(uses ?? '') ?? [];
      if (workflow !== undefined) {
        expect(Object.keys(callOf(workflow).inputs)).toEqual(expect.arrayContaining(Object.keys(given ?? {})));
        expect(Object.keys(callOf(workflow).secrets)).toEqual(expect.arrayContaining(Object.keys(secrets ?? {})));
      }
      for (const step of steps) {
        const [, folder] = /^org\/rollout-action\/?(\w*)@v1$/.exec(step.uses ?? '') ?? [];
        if (folder === undefined) continue;
        const taken = Object.keys(readAction(folder === '' ? '.' : folder).inputs ?? {});
        expect(taken).toEqual(expect.arrayContaining(Object.keys(step.with ?? {})));
      }
    }
  });

  it('grants a called workflow whatever its jobs ask for', () => {
    const { jobs }: { jobs: Readonly<Record<string, Shown>> } = parse(text);
    for (const { uses = '', permissions } of Object.values(jobs)) {
      const [, workflow] = /\.github\/workflows\/([\w.]+)@v1$/.exec(uses) ?? [];
      if (workflow === undefined || permissions === undefined) continue;
      for (const { permissions: asked = {} } of Object.values(readWorkflow(`.github/workflows/${workflow}`).jobs)) {
        for (const [scope, level] of Object.entries(asked)) {
          expect([level, 'write'], `${workflow} asks for ${scope}: ${level}`).toContain(permissions[scope]);
        }
      }
    }
  });
});

interface Shown {
  readonly uses?: string;
  readonly with?: object;
  readonly secrets?: object;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly { readonly uses?: string; readonly with?: object }[];
}

function callOf(name: string): { readonly inputs: Table; readonly secrets: Table; readonly outputs: Table } {
  const call = readWorkflow(`.github/workflows/${name}`).on['workflow_call'];
  return { inputs: {}, secrets: {}, outputs: {}, ...(call as object) };
}

/** The text from a heading to the next one of its level or above. */
function sectionOf(page: string, heading: string): string {
  const at = page.indexOf(`\n${heading}\n`);
  if (at === -1) throw new Error(`there is no heading ${heading}`);
  const level = heading.split(' ')[0]?.length ?? 1;
  const rest = page.slice(at + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end === -1 ? rest : rest.slice(0, end);
}

/** The rows of the table whose first column has that name. */
function tableOf(section: string, first: string): readonly Row[] {
  const lines = section.split('\n');
  const start = lines.findIndex((line) => cellsOf(line)[0] === first);
  if (start === -1) return [];
  const end = lines.findIndex((line, place) => place > start && !line.startsWith('|'));
  return lines.slice(start + 2, end === -1 ? undefined : end).map(cellsOf);
}

function cellsOf(line: string): Row {
  if (!line.startsWith('|')) return [];
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function rowsOf(table: Table, defaults?: 'with defaults'): readonly Row[] {
  return Object.entries(table).map(([name, item]) => {
    const standard = item?.default ?? '';
    const shown = item?.required === true ? 'required' : standard === '' ? '' : `\`${String(standard)}\``;
    return [`\`${name}\``, ...(defaults === undefined ? [] : [shown]), oneLine(item?.description ?? '')];
  });
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function workflowsIn(...pages: readonly string[]): readonly (readonly [number, string])[] {
  const blocks = pages.flatMap((page) =>
    [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text),
  );
  return blocks.filter((text) => /^jobs:/m.test(text)).map((text, place) => [place + 1, text] as const);
}
