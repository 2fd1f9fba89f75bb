// Findings as people and pull requests see them, and the pages of the rules.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CONFIG_RULES } from '../../../src/config/rules.ts';
import type { Finding } from '../../../src/documents/findings.ts';
import { annotations } from '../../../src/validate/annotations.ts';
import { nearestRules, PAGES } from '../../../src/validate/page.ts';
import { RULES } from '../../../src/validate/rules.ts';
import { MOST_SHOWN, showFindings, summaryLine } from '../../../src/validate/show.ts';

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
  const shown = (findings: readonly Finding[], rows: readonly string[] = [], width = 80): readonly string[] =>
    showFindings(document(findings), { sources: new Map([[FINDING.file, rows]]), paint: plain, width }).split('\n');

  test('tells a finding in lines of their own', () => {
    expect(shown([{ ...FINDING, got: 'app' }], ['FROM a', 'RUN\tapt-get x'])).toEqual([
      'a,b/Dockerfile:2:5 error RA302 breaks the build',
      '  100% wrong: fix it',
      '    2 | RUN apt-get x',
      '      |     ^',
      '  expected  root',
      '  found     app',
      '  cure      put USER root before it',
      '',
      'breaks: build 1, start 0, health 0, policy 0',
      '1 error, 0 warnings, 2 files checked',
      'learn more of a rule: rollout validate --explain RA302',
    ]);
  });

  test.each([1, 60, 5000, 8999])('keeps line and caret within 80 columns where the column is %i', (column) => {
    const row = `${'x'.repeat(column - 1)}!${'x'.repeat(9000 - column)}`;
    const lines = shown([{ ...FINDING, column }], ['', row]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const caret = lines.findIndex((line) => line.endsWith('^'));
    expect(lines[caret - 1]?.charAt(lines[caret]!.length - 1)).toBe('!');
  });

  test('points at the first word where the column is blank', () => {
    expect(shown([{ ...FINDING, column: 1 }], ['', '    --hash=x'])).toContain('      |     ^');
  });

  test('breaks a long message between words', () => {
    const message = 'a word '.repeat(30).trim();
    const lines = shown([{ ...FINDING, message }]).filter((line) => line.includes('a word'));
    expect(lines.length).toBeGreaterThan(2);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.map((line) => line.trim()).join(' ')).toBe(message);
  });

  test('lets nothing of a file steer the terminal', () => {
    const evil = 'a\u001b[31m\u009bx\u202e';
    const text = shown([{ ...FINDING, message: evil, file: evil, got: evil }], ['', evil]).join('\n');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });

  test('tells the errors first, and no more than a hundred', () => {
    const findings = [...many(90, { severity: 'warning', rule: 'RA202' }), ...many(MOST_SHOWN - 10)];
    const lines = shown(findings);
    const heads = lines.filter((line) => /Dockerfile:\d+:\d+ /.test(line));
    expect(heads).toHaveLength(MOST_SHOWN);
    expect(heads.slice(0, 90).every((line) => line.includes('error RA302'))).toBe(true);
    expect(lines).toContain('+80 more findings; --format json has all of them');
  });

  test('tells no rule to learn of where nothing was found', () => {
    expect(shown([])).toEqual(['nothing breaks, 0 warnings, 2 files checked']);
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
    expect((await readdir(folder)).toSorted()).toEqual([...PAGES.keys()].map((id) => `${id}.md`).toSorted());
    expect(PAGES.size).toBe(RULES.length + Object.keys(CONFIG_RULES).length);
  });

  test.each([...PAGES])('%s.md is what scripts/generate-rule-pages.ts writes', async (id, page) => {
    expect(await readFile(join(folder, `${id}.md`), 'utf8')).toBe(page);
  });

  test('have a reason and an example of each kind', () => {
    const poor = [...PAGES].filter(
      ([, page]) =>
        !/^# R[AC]\d{3}: [A-Z`]\S* [^]*\*\*Why:\*\* \S[^]*## Bad\n\n```\n\S[^]*## Good\n\n```\n\S/i.test(page),
    );
    expect(poor.map(([id]) => id)).toEqual([]);
  });

  test.each([
    ['RA450', ['RA409', 'RA408', 'RA407', 'RA405', 'RA403']],
    ['rc099', ['RC014', 'RC013', 'RC012', 'RC011', 'RC010']],
    ['RB301', []],
    ['', []],
  ])('are found by the number nearest to %j', (written, nearest) => {
    expect(nearestRules(written)).toEqual(nearest);
  });

  test('have numbers of their own', () => {
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  });
});
