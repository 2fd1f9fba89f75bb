// What `npm test` counts: nothing that went wrong may vanish from its last line.
import { describe, expect, it } from 'vitest';
import type { ReportedTest, TestReport } from '../../../scripts/test-reporter.ts';
import { countReasons, countReport } from '../../../scripts/test.ts';

const LENIENT = { skippedFails: false };
const STRICT = { skippedFails: true };

describe('the count of a run', () => {
  it('counts tests by how they ended', () => {
    const totals = countReport(reportOf(['passed', 'passed', 'failed', 'skipped']), 1, LENIENT);
    expect(totals).toMatchObject({ passed: 2, failed: 1 });
    expect(totals.skipped).toHaveLength(1);
  });

  it('counts a file that could not be loaded as a failure', () => {
    expect(countReport({ ...reportOf(['failed']), otherFailures: ['no such module'] }, 1, LENIENT).failed).toBe(2);
  });

  it('counts a skipped story as a failure where skipping is not allowed', () => {
    expect(countReport(reportOf(['passed', 'skipped']), 0, STRICT).failed).toBe(1);
    expect(countReport(reportOf(['passed', 'skipped']), 0, LENIENT).failed).toBe(0);
  });

  it('counts a run that ended badly without a failed test as a failure', () => {
    expect(countReport(reportOf(['passed']), 1, LENIENT).failed).toBe(1);
  });

  it('counts a run without a test or without a report as a failure', () => {
    expect(countReport(reportOf([]), 0, LENIENT).failed).toBe(1);
    expect(countReport(undefined, 0, LENIENT).failed).toBe(1);
  });

  it('does not count twice what made the run end badly', () => {
    expect(countReport(reportOf(['failed']), 1, STRICT).failed).toBe(1);
  });

  it('gives the reasons for skipping, the most frequent first', () => {
    const skipped = [skippedFor('no root'), skippedFor('no engine'), skippedFor('no engine'), skippedFor(undefined)];
    expect(countReasons(skipped)).toEqual([
      ['no engine', 2],
      ['no root', 1],
      ['no reason given', 1],
    ]);
  });
});

function reportOf(states: readonly ReportedTest['state'][]): TestReport {
  return { tests: states.map((state) => ({ ...skippedFor(undefined), state })), otherFailures: [] };
}

function skippedFor(note: string | undefined): ReportedTest {
  return { file: 'a.test.ts', name: 'a', state: 'skipped', errors: [], milliseconds: 1, ...(note && { note }) };
}
