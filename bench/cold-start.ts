// Cold start: how long a command takes beyond node's own start, and how large the bundle is.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../scripts/tool.ts';
import { median, type Measured } from './figure.ts';
import type { Benchmark } from './main.ts';

const ROUNDS = 20;
const WARM_UP_ROUNDS = 2;
const MOST_OVER_NODE_MS = 100;
const MOST_BUNDLE_MB = 1.5;
const NODE = 'node -e 0';
const MOST_OVER_CORE = 1.25;
const CORE = 'node loading @actions/core';
const ACTION = 'the action verify, up to its first document';

const CLI = join(ROOT, 'dist/cli/index.js');
/** `--help` of a command loads all of it and does none of its work. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'rollout --help': ['--help'],
  'rollout config --help': ['config', '--help'],
  'rollout plan --help': ['plan', '--help'],
  'rollout validate --help': ['validate', '--help'],
};

interface Start {
  readonly args: readonly string[];
  /** Without its documents an action ends with a fault as soon as it looks for the first one. */
  readonly exitCode: number;
}

const STARTS: Readonly<Record<string, Start>> = {
  [NODE]: { args: ['-e', '0'], exitCode: 0 },
  ...mapValues(COMMANDS, (args) => ({ args: [CLI, ...args], exitCode: 0 })),
  [CORE]: { args: ['--input-type=module', '-e', "await import('@actions/core')"], exitCode: 0 },
  [ACTION]: { args: [join(ROOT, 'dist/verify/index.js')], exitCode: 2 },
};

export const benchmark: Benchmark = {
  about: 'the time of a command over that of an empty node, and the size of the bundle',
  measure: () => Promise.resolve({ figures: [...coldStarts(), bundleSize()], versions: { ncc: nccVersion() } }),
};

function coldStarts(): readonly Measured[] {
  const samples = mapValues(STARTS, (): number[] => []);
  // Turn by turn, so that a slow moment of the machine hits all of them.
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [name, start] of Object.entries(STARTS)) {
      const took = timeOf(name, start);
      if (round >= 0) samples[name]?.push(took);
    }
  }
  const of = (name: string): readonly number[] => samples[name] ?? [];
  const commands = Object.keys(COMMANDS).flatMap((name) => figuresOf(name, of(name), of(NODE)));
  return [...commands, actionFigure(of(ACTION), of(CORE))];
}

function actionFigure(ours: readonly number[], core: readonly number[]): Measured {
  const peers = { [CORE]: median(core) };
  const goal = { atMost: MOST_OVER_CORE, of: 'ratio' } as const;
  return { figure: ACTION, unit: 'ms', ours: median(ours), peers, goal, samples: { ours, [CORE]: core } };
}

function figuresOf(name: string, ours: readonly number[], empty: readonly number[]): readonly Measured[] {
  const [total, node] = [median(ours), median(empty)];
  const samples = { ours, [NODE]: empty };
  return [
    {
      figure: `${name}, over node's own`,
      unit: 'ms',
      ours: total - node,
      goal: { atMost: MOST_OVER_NODE_MS, of: 'ours' },
      samples,
    },
    { figure: `${name}, from start to end`, unit: 'ms', ours: total, peers: { [NODE]: node }, samples },
  ];
}

function timeOf(name: string, { args, exitCode }: Start): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== exitCode) throw new Error(`${name} ended with exit code ${String(status)}\n${stderr}`);
  return performance.now() - began;
}

function bundleSize(): Measured {
  const folder = join(ROOT, 'dist/bundle');
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
  const megabytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0) / 1e6;
  const goal = { atMost: MOST_BUNDLE_MB, of: 'ours' } as const;
  return { figure: 'bundle with all its chunks', unit: 'MB', ours: megabytes, goal, samples: { ours: [megabytes] } };
}

function nccVersion(): string {
  const text = readFileSync(join(ROOT, 'node_modules/@vercel/ncc/package.json'), 'utf8');
  const { version }: { version: string } = JSON.parse(text);
  return version;
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
