// `npm run bench NAME`: runs bench/NAME.ts, prints its figures as a table and writes them to bench/results/.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { publish, type Figure, type Goal, type Measured } from './figure.ts';
import { needTool, ROOT } from '../scripts/tool.ts';

/** What a file of bench/ exports. */
export interface Benchmark {
  /** One sentence: what is measured, and against whom. */
  readonly about: string;
  measure(): Promise<{ readonly figures: readonly Measured[]; readonly versions: Readonly<Record<string, string>> }>;
}

const RESULTS = join(ROOT, 'bench/results');
const RUNNER_FILES = ['main.ts', 'figure.ts'];

process.exitCode = await main(process.argv[2]);

async function main(name: string | undefined): Promise<number> {
  const names = benchmarks();
  if (name === undefined || !names.includes(name)) {
    console.error(`usage: npm run bench NAME, where NAME is one of ${names.join(', ')}`);
    return 2;
  }
  const { benchmark }: { benchmark: Benchmark } = await import(`./${name}.ts`);
  console.log(`▶ ${name}: ${benchmark.about}`);
  const { figures: measured, versions } = await benchmark.measure();
  const figures = measured.map(publish);
  console.log(table(figures));
  await write(name, figures, { versions, samples: measured.map(({ figure, samples }) => ({ figure, samples })) });
  return figures.some(({ met }) => met === false) ? 1 : 0;
}

function benchmarks(): readonly string[] {
  const files = readdirSync(join(ROOT, 'bench')).filter((file) => file.endsWith('.ts') && !RUNNER_FILES.includes(file));
  return files.map((file) => file.replace(/\.ts$/, ''));
}

async function write(
  name: string,
  figures: readonly Figure[],
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  mkdirSync(RESULTS, { recursive: true });
  const machine = { processor: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem() };
  const meta = { at: new Date().toISOString(), commit: await commit(), node: process.version, machine, ...details };
  const path = join(RESULTS, name);
  writeFileSync(`${path}.json`, `${JSON.stringify(figures, undefined, 2)}\n`);
  writeFileSync(`${path}.meta.json`, `${JSON.stringify(meta, undefined, 2)}\n`);
  console.log(`written: ${path}.json and ${path}.meta.json`);
}

async function commit(): Promise<string> {
  const revision = (await needTool('git', ['rev-parse', 'HEAD'])).trim();
  const changed = (await needTool('git', ['status', '--porcelain'])).trim() !== '';
  return changed ? `${revision} with changes` : revision;
}

function table(figures: readonly Figure[]): string {
  const head = ['figure', 'ours', 'peers', 'ratio', 'goal', 'met'];
  const rows = [head, ...figures.map(row)];
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function row({ figure, unit, ours, peers, ratio, goal, met }: Figure): string[] {
  const others = Object.entries(peers).map(([name, value]) => `${name} ${short(value)} ${unit}`);
  const verdict = met === null ? '-' : met ? 'yes' : 'NO';
  return [
    figure,
    `${short(ours)} ${unit}`,
    others.join(', ') || '-',
    ratio === null ? '-' : short(ratio),
    tellGoal(goal, unit),
    verdict,
  ];
}

function tellGoal(goal: Goal | null, unit: string): string {
  if (goal === null) return '-';
  const bounds = [
    goal.atMost === undefined ? [] : `≤ ${goal.atMost}`,
    goal.atLeast === undefined ? [] : `≥ ${goal.atLeast}`,
  ].flat();
  return `${bounds.join(' and ')} ${goal.of === 'ratio' ? '×' : unit}`;
}

function short(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
