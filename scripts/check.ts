// `npm run check [STEP…]`: everything a change must pass but the stories, each step to its end, then one table.
import { runTool, type ToolRun } from './tool.ts';

interface Step {
  readonly name: string;
  readonly command: readonly [tool: string, ...args: string[]];
}

const STEPS: readonly Step[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint', command: ['eslint', '.'] },
  { name: 'format', command: ['prettier', '--check', '.'] },
  {
    name: 'direction',
    command: ['depcruise', '--config', '.dependency-cruiser.mjs', 'src', 'scripts', 'bench', 'test'],
  },
  { name: 'unused', command: ['knip', '--no-progress', '--no-config-hints'] },
  { name: 'tests', command: ['vitest', 'run', '--project', 'unit', '--project', 'recorded'] },
  { name: 'dist', command: ['node', 'scripts/build-dist.ts', '--check'] },
  { name: 'graph', command: ['node', 'scripts/architecture-graph.ts', '--check'] },
];

interface Outcome {
  readonly step: Step;
  readonly run: ToolRun;
}

process.exitCode = await check(process.argv.slice(2));

async function check(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`no such step: ${unknown.join(', ')}; there are ${STEPS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const outcomes: Outcome[] = [];
  for (const step of STEPS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    console.log(`▶ ${step.name}: ${step.command.join(' ')}`);
    const [tool, ...args] = step.command;
    const run = await runTool(tool, args);
    if (run.exitCode !== 0) console.log(run.output.trimEnd());
    outcomes.push({ step, run });
  }
  showTable(outcomes);
  return outcomes.every(({ run }) => run.exitCode === 0) ? 0 : 1;
}

function showTable(outcomes: readonly Outcome[]): void {
  console.log();
  for (const { step, run } of outcomes) {
    const verdict = run.exitCode === 0 ? 'ok' : `FAILED (exit code ${run.exitCode})`;
    console.log(`${step.name.padEnd(10)} ${run.seconds.toFixed(1).padStart(6)} s  ${verdict}`);
  }
}
