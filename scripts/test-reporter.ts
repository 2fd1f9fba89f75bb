// Vitest's reporter for `npm test`: a line per test file as it ends, a line per story, and the whole run as one JSON file.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import * as z from 'zod';

const reportedTestSchema = z.object({
  file: z.string(),
  name: z.string(),
  state: z.enum(['passed', 'failed', 'skipped']),
  /** Why it was skipped. */
  note: z.string().optional(),
  errors: z.array(z.string()).readonly(),
  milliseconds: z.number(),
});
export type ReportedTest = Readonly<z.infer<typeof reportedTestSchema>>;

export const testReportSchema = z.object({
  tests: z.array(reportedTestSchema).readonly(),
  /** Failures outside of any test: a file that can't be loaded, a broken setup, an unhandled rejection. */
  otherFailures: z.array(z.string()).readonly(),
});
export type TestReport = Readonly<z.infer<typeof testReportSchema>>;

/** An error as it crosses from a test's worker; it is shown, not thrown. */
interface SeenError {
  readonly message: string;
  readonly stack?: string;
  readonly diff?: string;
}

/** Where the report goes; set by scripts/test.ts. */
export const REPORT_VARIABLE = 'ROLLOUT_TEST_REPORT';

export default class TestReporter implements Reporter {
  onTestCaseReady(test: TestCase): void {
    if (test.project.name === 'stories') console.log(`▶ ${test.fullName}`);
  }

  onTestCaseResult(test: TestCase): void {
    if (test.project.name === 'stories' || test.result().state === 'failed') console.log(tell(reported(test)));
  }

  onTestModuleEnd(module: TestModule): void {
    const tests = [...module.children.allTests()].map(reported);
    const failed = tests.filter(({ state }) => state === 'failed').length;
    const sign = failed > 0 || !module.ok() ? '✗' : '✓';
    console.log(`${sign} ${fileOf(module)}  ${tests.length} tests${failed === 0 ? '' : `, ${failed} failed`}`);
  }

  onUserConsoleLog(log: { readonly type: 'stdout' | 'stderr'; readonly content: string }): void {
    process[log.type].write(log.content);
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SeenError[]): void {
    const report: TestReport = {
      tests: modules.flatMap((module) => [...module.children.allTests()].map(reported)),
      otherFailures: [...modules.flatMap(failuresOutsideTests), ...unhandled.map(errorText)],
    };
    for (const failure of report.otherFailures) console.log(`✗ ${failure}`);
    const path = process.env[REPORT_VARIABLE] ?? 'out/test/report.json';
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(report, undefined, 2)}\n`);
  }
}

function reported(test: TestCase): ReportedTest {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return {
    file: fileOf(test.module),
    name: test.fullName,
    // A test that never got a result did not pass.
    state: result.state === 'pending' ? 'failed' : result.state,
    ...(note === undefined ? {} : { note }),
    errors: (result.errors ?? []).map(errorText),
    milliseconds: test.diagnostic()?.duration ?? 0,
  };
}

function failuresOutsideTests(module: TestModule): string[] {
  const suites = [...module.children.allSuites()].flatMap((suite) => suite.errors());
  return [...module.errors(), ...suites].map((error) => `${fileOf(module)}: ${errorText(error)}`);
}

function tell({ state, name, errors, note, milliseconds }: ReportedTest): string {
  const seconds = `${(milliseconds / 1000).toFixed(1)} s`;
  if (state === 'passed') return `✓ ${name}  ${seconds}`;
  if (state === 'skipped') return `- ${name}  skipped: ${note ?? 'no reason given'}`;
  return [`✗ ${name}  ${seconds}`, ...errors.map((error) => error.replaceAll(/^/gm, '    '))].join('\n');
}

function errorText(error: SeenError): string {
  return [error.stack ?? error.message, error.diff].filter((text) => text !== undefined).join('\n');
}

function fileOf(module: TestModule): string {
  return relative(module.project.config.root, module.moduleId);
}
