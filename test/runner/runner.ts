// A runner for one job, without GitHub: it runs actions as their action.yml says, composite ones step by step.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readActionFile, type Action, type Step } from './action-file.ts';
import { commandFiles, type Told } from './command-files.ts';
import { holds, interpolate, type JobStatus, type Scope } from './expression.ts';

type Texts = Readonly<Record<string, string>>;

export interface RunnerPlace {
  /** The repository of the action: `$/verb` is a folder in it. */
  readonly repository: string;
  readonly workspace: string;
  /** RUNNER_TEMP; a folder that is there. */
  readonly temp: string;
  /** All that a step's process gets besides what the runner tells it. */
  readonly environment: Texts;
  /** The context `github`. */
  readonly github: Readonly<Record<string, unknown>>;
  /** Actions of others, by the name before the @: what they give as outputs. */
  readonly others?: Readonly<Record<string, (inputs: Texts) => Texts>>;
}

export interface Ended {
  readonly outcome: 'success' | 'failure' | 'skipped';
  readonly log: string;
  /** Outputs, summary, and what later steps get of it. */
  readonly told: Told;
}

export interface StepEnded extends Ended {
  readonly id: string;
  readonly uses: string | undefined;
}

export interface ActionEnded extends Ended {
  /** Of a composite action. */
  readonly steps: readonly StepEnded[];
}

/** What the steps before have left to those after. */
interface Job {
  readonly steps: StepEnded[];
  variables: Texts;
  path: readonly string[];
  status: JobStatus;
}

interface Inside {
  /** The folder of the action. */
  readonly folder: string;
  readonly inputs: Texts;
}

interface Surroundings {
  readonly variables: Texts;
  /** Folders for PATH, the last one first. */
  readonly path: readonly string[];
}

const OUTSIDE: Surroundings = { variables: {}, path: [] };
const NOTHING_TOLD: Told = { outputs: {}, variables: {}, path: [], summary: '' };

const SHELLS = {
  bash: ['bash', '--noprofile', '--norc', '-e', '-o', 'pipefail'],
  sh: ['sh', '-e'],
} as const;

export class Runner {
  readonly #place: RunnerPlace;
  readonly #files: string;
  #count = 0;

  constructor(place: RunnerPlace) {
    this.#place = place;
    this.#files = mkdtempSync(join(place.temp, '_runner_file_commands-'));
    mkdirSync(place.workspace, { recursive: true });
  }

  /** Runs the action in a folder of the repository (`.` is its root). Throws on an input it does not have. */
  async run(name: string, given: Texts = {}, around: Surroundings = OUTSIDE): Promise<ActionEnded> {
    const folder = join(this.#place.repository, name);
    const { runs, ...action } = readActionFile(folder);
    const inputs = this.#inputsOf(action, name, given);
    if (runs.using === 'composite') return this.#runSteps({ ...action, steps: runs.steps }, { folder, inputs }, around);
    const variables = { ...around.variables };
    for (const [input, value] of Object.entries(inputs)) variables[variableOf(input)] = value;
    const ended = await this.#process([process.execPath, join(folder, runs.main)], { ...around, variables });
    return { ...ended, steps: [] };
  }

  #inputsOf({ inputs }: Pick<Action, 'inputs'>, name: string, given: Texts): Texts {
    const unknown = Object.keys(given).filter((input) => !(input in inputs));
    if (unknown.length > 0) throw new Error(`${name} has no input ${unknown.join(', ')}`);
    const scope: Scope = { contexts: this.#contexts(), status: 'success' };
    const value = (input: string): string => given[input] ?? interpolate(inputs[input]?.default ?? '', scope);
    return Object.fromEntries(Object.keys(inputs).map((input) => [input, value(input)]));
  }

  async #runSteps(
    { steps, outputs }: Pick<Action, 'outputs'> & { readonly steps: readonly Step[] },
    inside: Inside,
    around: Surroundings,
  ): Promise<ActionEnded> {
    const job: Job = { steps: [], ...around, status: 'success' };
    for (const [place, step] of steps.entries()) {
      const ended = await this.#runStep(step, job, inside);
      job.steps.push({ ...ended, id: step.id ?? `__${place}`, uses: step.uses });
      job.variables = { ...job.variables, ...ended.told.variables };
      job.path = [...job.path, ...ended.told.path];
      if (ended.outcome === 'failure' && !step['continue-on-error']) job.status = 'failure';
    }
    const written = Object.entries(outputs).map(([name, { value = '' }]) => [name, value] as const);
    return {
      outcome: job.status === 'success' ? 'success' : 'failure',
      log: job.steps.map(({ log }) => log).join(''),
      told: {
        outputs: filled(Object.fromEntries(written), this.#scopeOf(job, inside)),
        variables: job.variables,
        path: job.path,
        summary: job.steps.map(({ told }) => told.summary).join(''),
      },
      steps: job.steps,
    };
  }

  async #runStep(step: Step, job: Job, inside: Inside): Promise<Ended> {
    const scope = this.#scopeOf(job, inside);
    if (!holds(step.condition, scope)) return { outcome: 'skipped', log: '', told: NOTHING_TOLD };
    const variables = { ...job.variables, ...filled(step.env, scope) };
    if (step.uses !== undefined) return this.#use(step.uses, filled(step.with, scope), { ...job, variables });
    if (step.shell === undefined) throw new Error('a composite step with run needs a shell');
    const script = join(this.#files, `${(this.#count += 1)}.sh`);
    writeFileSync(script, interpolate(step.run ?? '', scope));
    const around = { ...job, variables: { ...variables, GITHUB_ACTION_PATH: inside.folder } };
    return this.#process([...SHELLS[step.shell], script], around, step['working-directory']);
  }

  async #use(uses: string, given: Texts, around: Surroundings): Promise<Ended> {
    if (uses.startsWith('$/')) return this.run(uses.slice('$/'.length), given, around);
    const other = this.#place.others?.[uses.split('@')[0] ?? ''];
    if (other === undefined) throw new Error(`nobody stands in for ${uses}`);
    return { outcome: 'success', log: '', told: { ...NOTHING_TOLD, outputs: other(given) } };
  }

  async #process(command: readonly string[], around: Surroundings, folder = '.'): Promise<Ended> {
    const { environment, workspace, temp } = this.#place;
    const files = commandFiles(this.#files, String((this.#count += 1)));
    const { code, log } = await start(command, join(workspace, folder), {
      ...environment,
      ...{ CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: workspace, RUNNER_TEMP: temp },
      ...around.variables,
      ...files.variables,
      PATH: [...around.path.toReversed(), environment['PATH'] ?? ''].join(':'),
    });
    return { outcome: code === 0 ? 'success' : 'failure', log, told: files.read() };
  }

  #scopeOf({ steps, variables, status }: Job, { folder, inputs }: Inside): Scope {
    const known = steps.map(({ id, told, outcome }) => [id, { outputs: told.outputs, outcome }] as const);
    const { github, ...others } = this.#contexts();
    const own = { inputs, steps: Object.fromEntries(known), env: variables };
    return { contexts: { ...others, ...own, github: { ...github, action_path: folder } }, status };
  }

  #contexts() {
    return { github: this.#place.github, runner: { temp: this.#place.temp, os: 'Linux' } };
  }
}

function filled(texts: Texts, scope: Scope): Texts {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, interpolate(text, scope)]));
}

function variableOf(input: string): string {
  return `INPUT_${input.replaceAll(' ', '_').toUpperCase()}`;
}

function start(command: readonly string[], cwd: string, env: Texts): Promise<{ code: number; log: string }> {
  const [program = 'false', ...args] = command;
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code: code ?? -1, log });
    });
  });
}
