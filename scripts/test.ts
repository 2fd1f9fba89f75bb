// `npm test`: the unit and recorded tests, then the stories on the sandbox; the last line is `N passed, N failed`.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPORT_VARIABLE, testReportSchema, type ReportedTest, type TestReport } from './test-reporter.ts';
import { ROOT, runTool } from './tool.ts';

const PARTS = [
  { name: 'quick', projects: ['unit', 'recorded'] },
  { name: 'stories', projects: ['stories'] },
] as const;
const FOLDER = join(ROOT, 'out/test');

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly ReportedTest[];
}

if (import.meta.main) process.exitCode = await testAll(process.env['CI'] === 'true');

async function testAll(onCi: boolean): Promise<number> {
  const totals: Totals[] = [];
  for (const part of PARTS) totals.push(await testPart(part, onCi));
  const all = add(totals);
  writeFileSync(join(FOLDER, 'totals.json'), `${JSON.stringify(all, undefined, 2)}\n`);
  console.log();
  for (const [reason, count] of countReasons(all.skipped)) console.log(`skipped ${count}: ${reason}`);
  console.log(`${all.skipped.length} skipped`);
  console.log(`${all.passed} passed, ${all.failed} failed`);
  return all.failed === 0 && all.passed > 0 ? 0 : 1;
}

async function testPart({ name, projects }: (typeof PARTS)[number], onCi: boolean): Promise<Totals> {
  console.log(`\n== ${projects.join(' and ')}`);
  const reportPath = join(FOLDER, `${name}.json`);
  rmSync(reportPath, { force: true });
  const flags = projects.flatMap((project) => ['--project', project]);
  const { exitCode } = await runTool('vitest', ['run', ...flags, '--reporter=./scripts/test-reporter.ts'], {
    show: true,
    environment: { [REPORT_VARIABLE]: reportPath },
  });
  const report = readReport(reportPath);
  if (exitCode !== 0) console.log(`vitest ended with exit code ${exitCode}`);
  if ((report?.tests.length ?? 0) === 0) console.log(`✗ no test of ${projects.join(', ')} ran`);
  return countReport(report, exitCode, { skippedFails: onCi && name === 'stories' });
}

/** What a part's report adds up to. Whatever went wrong outside of a test counts as a failure, and so does, on CI, a skipped story. */
export function countReport(
  report: TestReport | undefined,
  exitCode: number,
  { skippedFails }: { readonly skippedFails: boolean },
): Totals {
  const tests = report?.tests ?? [];
  const skipped = tests.filter(({ state }) => state === 'skipped');
  const failed = tests.filter(({ state }) => state === 'failed').length + (report?.otherFailures.length ?? 0);
  const passed = tests.filter(({ state }) => state === 'passed').length;
  const counted = failed + (skippedFails ? skipped.length : 0);
  // Vitest knows failures that have no test, a teardown for one; no test at all is one too.
  const silent = counted === 0 && (exitCode !== 0 || tests.length === 0) ? 1 : 0;
  return { passed, failed: counted + silent, skipped };
}

/** How often each reason was given, the most frequent first. */
export function countReasons(skipped: readonly ReportedTest[]): readonly (readonly [string, number])[] {
  const counts = Map.groupBy(skipped, ({ note }) => note ?? 'no reason given');
  return [...counts].map(([reason, tests]) => [reason, tests.length] as const).sort((a, b) => b[1] - a[1]);
}

function add(totals: readonly Totals[]): Totals {
  return {
    passed: totals.reduce((sum, { passed }) => sum + passed, 0),
    failed: totals.reduce((sum, { failed }) => sum + failed, 0),
    skipped: totals.flatMap(({ skipped }) => skipped),
  };
}

function readReport(path: string): TestReport | undefined {
  return existsSync(path) ? testReportSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}
