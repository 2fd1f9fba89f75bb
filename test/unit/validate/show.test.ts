// Findings as people and pull requests see them, and the pages of the rules.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/documents/findings.ts';
import { annotations } from '../../../src/validate/annotations.ts';
import { pageOf } from '../../../src/validate/page.ts';
import { RULES } from '../../../src/validate/rules.ts';
import { showFindings, summaryLine } from '../../../src/validate/show.ts';

const FINDING: Finding = {
  ...{ rule: 'RA302', severity: 'error', breaks: 'build', file: 'a,b/Dockerfile', line: 2, endLine: 2, column: 5 },
  ...{ message: '100% wrong: fix\nit', expected: 'root', cure: 'put USER root before it' },
};
const document = (findings: readonly Finding[]) => ({
  schema: 'rollout/findings' as const,
  version: 1 as const,
  checked: ['a', 'b'],
  findings: [...findings],
});
const many = (count: number, change: Partial<Finding> = {}): readonly Finding[] =>
  Array.from({ length: count }, (_, index) => ({ ...FINDING, line: index + 1, endLine: index + 1, ...change }));
const plain = (_style: string, text: string): string => text;

describe('annotations', () => {
  test('escape what would end a property or a line', () => {
    expect(annotations(document([FINDING]))[0]).toBe(
      '::error file=a%2Cb/Dockerfile,line=2,endLine=2,col=5,title=RA302 breaks the build::100%25 wrong: fix%0Ait%0Aexpected: root%0Acure: put USER root before it',
    );
  });

  test('leave the column away over several lines, where GitHub refuses it', () => {
    expect(annotations(document([{ ...FINDING, endLine: 4 }]))[0]).toMatch(/line=2,endLine=4,title=/);
  });

  test('are at most 10 of a level, the last one counting the rest by rule', () => {
    const lines = annotations(document([...many(30), ...many(3, { severity: 'warning', rule: 'RA202' })]));
    expect(lines.filter((line) => line.startsWith('::error '))).toHaveLength(10);
    expect(lines.filter((line) => line.startsWith('::warning '))).toHaveLength(3);
    expect(lines[9]).toBe('::error title=21 more errors::RA302 ×21');
  });

  test('are all shown when there are 10', () => {
    expect(annotations(document(many(10))).filter((line) => line.includes('more errors'))).toEqual([]);
  });

  test('begin with what breaks the build', () => {
    const [first] = annotations(document([...many(12, { breaks: 'policy', rule: 'RA301' }), FINDING]));
    expect(first).toContain('RA302 breaks the build');
  });
});

describe('text', () => {
  test('shows the line and points at the column', () => {
    const shown = showFindings(
      document([FINDING]),
      new Map([[FINDING.file, ['FROM a', 'RUN\tapt-get x']]]),
      plain,
    ).split('\n');
    expect(shown).toContain('    2 | RUN apt-get x');
    expect(shown).toContain('      |     ^');
  });

  test('keeps the caret on screen in a very long line', () => {
    const shown = showFindings(
      document([{ ...FINDING, column: 5000 }]),
      new Map([[FINDING.file, ['', 'x'.repeat(9000)]]]),
      plain,
    );
    expect(Math.max(...shown.split('\n').map((line) => line.length))).toBeLessThan(200);
  });

  test('ends in what breaks, build first', () => {
    expect(
      summaryLine(document([FINDING, ...many(2, { breaks: 'health' }), ...many(1, { severity: 'warning' })])),
    ).toBe('breaks: build 1, start 0, health 2, policy 0; 3 errors, 1 warning, 2 files checked');
    expect(summaryLine(document([]))).toBe('nothing breaks, 0 warnings, 2 files checked');
  });
});

describe('the pages of the rules', () => {
  const folder = join(import.meta.dirname, '../../../docs/rules');

  test('are there for every rule and for no other', async () => {
    expect((await readdir(folder)).toSorted()).toEqual(RULES.map(({ id }) => `${id}.md`).toSorted());
  });

  test.each(RULES.map((rule) => [rule.id, rule] as const))(
    '%s.md is what scripts/generate-rule-pages.ts writes',
    async (id, rule) => {
      expect(await readFile(join(folder, `${id}.md`), 'utf8')).toBe(pageOf(rule));
    },
  );

  test('have numbers of their own', () => {
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  });
});
