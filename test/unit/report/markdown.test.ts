// The Markdown page of a rollout: as it was looked at once (golden), harmless whatever logs say, never too large.
import { describe, expect, it } from 'vitest';
import type { FleetCutover, ServiceCutover } from '../../../src/documents/cutover.ts';
import { chartLabel, inline, plain, preformatted } from '../../../src/report/escape.ts';
import { MOST_BYTES } from '../../../src/report/markdown.ts';
import { report, type ReportRequest } from '../../../src/report/report.ts';
import { smallRelease } from '../../fakes/fleet-release.ts';
import {
  at,
  batchFailed,
  canaryFailed,
  findings,
  goodFleet,
  hostOf,
  publicationOf,
  rolledBack,
  verificationOf,
} from '../../fakes/rollout-documents.ts';

const release = smallRelease();
const ALL: ReportRequest = {
  createdAt: at(60),
  findings,
  release,
  verification: verificationOf(release),
  publication: publicationOf(release),
};
const pageOf = (fleet: FleetCutover | undefined, change: Partial<ReportRequest> = {}): string =>
  report({ ...ALL, ...change, fleet }).summary;
const failing = (change: Partial<ServiceCutover>): FleetCutover => ({
  ...canaryFailed(),
  hosts: [hostOf('mainpc', [{ ...rolledBack('mainpc', 'brain', 0), ...change }], 0, 'rolled-back')],
});
const withLog = (log: readonly string[]): FleetCutover => failing({ evidence: { log, events: [] } });

describe('the page', () => {
  it.each<[string, FleetCutover | undefined]>([
    ['good', goodFleet()],
    ['canary-failed', canaryFailed()],
    ['batch-failed', batchFailed()],
    ['not-cut-over', undefined],
  ])('of a rollout, %s, is as it was looked at', async (name, fleet) => {
    await expect(pageOf(fleet)).toMatchFileSnapshot(`golden/${name}.md.txt`);
  });
});

const HOSTILE = [
  '</pre></details><script>alert(1)</script>',
  '\u001b[31mred\u001b[0m \u001b]8;;http://evil.test\u0007link\u001b]8;;\u0007 \u0007bell',
  '| a | b |',
  '```',
  '## heading',
  '[link](http://evil.test) ![image](http://evil.test/x.png) `code` $x$ @someone #1',
];

describe('text of others', () => {
  it('in a log stays inside its fold', () => {
    const page = pageOf(withLog(HOSTILE));
    const [, fold = ''] = page.split('<details>');
    const inside = fold.slice(fold.indexOf('<pre>') + 5, fold.indexOf('</pre>'));
    expect(page.match(/<\/pre>/g)).toHaveLength(1);
    expect(page.match(/<\/details>/g)).toHaveLength(1);
    expect(inside).not.toMatch(/[<>]/);
    expect(inside).toContain('&#60;/pre&#62;&#60;/details&#62;&#60;script&#62;');
    expect(inside).toContain('red link bell');
  });

  it('in a reason neither breaks its row nor acts', () => {
    const page = pageOf(failing({ reason: HOSTILE.join('\n') }));
    const plainRow = pageOf(failing({ reason: 'x' }))
      .split('\n')
      .find((line) => line.startsWith('| brain |'))!;
    const row = page.split('\n').find((line) => line.startsWith('| brain |'))!;
    expect(row.split('|')).toHaveLength(plainRow.split('|').length);
    expect(page).not.toMatch(/<script|\[link\]\(|!\[image|`code`|\n## heading|\u001b/);
  });

  it.each([
    ['model_ops_coordinator', 'model_ops_coordinator'],
    ['_em_', '&#95;em&#95;'],
    ['a|b', 'a&#124;b'],
    ['a\r\nb\n\n c', 'a b c'],
    ['\u202eabc\u0000', 'abc'],
    ['\u001b[1;31mx\u001b[0m\u009b', 'x'],
    ['C:\\dir <b>', 'C:&#92;dir &#60;b&#62;'],
  ])('%j is %j in a line', (text, expected) => {
    expect(inline(text)).toBe(expected);
  });

  it('keeps its lines in a log, and loses the rest of a terminal', () => {
    expect(plain('10%\r20%\r\n\u001b[2Kdone\tx')).toBe('10%\n20%\ndone\tx');
    expect(preformatted(['a & b', ''])).toBe('<pre>\na &#38; b\n\n</pre>');
  });

  it('is no word of the chart', () => {
    expect(chartLabel('a:b, c;d#e\n%%{init}')).toBe('a b c d e init');
    const page = pageOf({ ...goodFleet(), hosts: [hostOf('section', goodFleet().hosts[0]!.services, 0)] });
    expect(page).toContain('\n  section section\n  1 brain :done, ');
  });
});

describe('the chart', () => {
  it('has a bar that ends where its soak begins, in milliseconds', () => {
    const [start, soak, end] = [0, 5, 6].map((seconds) => Date.parse(at(seconds)));
    const page = pageOf(goodFleet());
    expect(page).toContain(`  1 brain :done, ${start}, ${soak}\n  1 brain soak :active, ${soak}, ${end}\n`);
  });
  it('marks what was rolled back', () => {
    expect(pageOf(canaryFailed())).toMatch(/ {2}1 brain :crit, \d+, \d+\n/);
  });
  it('is left out where it would be too large to read', () => {
    const [host] = goodFleet().hosts;
    const hosts = Array.from({ length: 50 }, () => host!);
    expect(pageOf({ ...goodFleet(), hosts })).not.toContain('mermaid');
  });
});

describe('the size', () => {
  const sizeOf = (page: string): number => Buffer.byteLength(page);

  it('shortens logs from the front before it leaves anything else out', () => {
    const log = Array.from({ length: 200 }, (_unused, n) => `line ${n} ${'ä<'.repeat(2_000)}`);
    const page = pageOf(withLog(log));
    expect(sizeOf(page)).toBeLessThanOrEqual(MOST_BYTES);
    expect(page).toContain('line 199 ');
    expect(page).not.toContain('line 0 ');
    expect(page).toMatch(/log, the last \d+ lines of 200/);
    expect(page).toContain('### Images');
  });

  it('keeps the verdict and says that the rest is left out when all of it is too large', () => {
    const finding = {
      rule: 'RA1',
      severity: 'error',
      breaks: 'build',
      file: 'f',
      line: 1,
      endLine: 1,
      column: 1,
    } as const;
    const many = Array.from({ length: 20_000 }, (_unused, n) => ({
      ...finding,
      message: `${n} ${'ä'.repeat(50)}`,
      cure: 'c',
    }));
    const page = pageOf(goodFleet(), { findings: { ...findings, findings: many } });
    expect(sizeOf(page)).toBeLessThanOrEqual(MOST_BYTES);
    expect(page).toContain('### Acceptance');
    expect(page.trimEnd()).toMatch(/evidence\.json has it all\._$/);
  });

  it('closes a fence it had to cut', () => {
    const long = 'x'.repeat(999_000);
    const page = pageOf({ ...goodFleet(), waves: goodFleet().waves.map((wave) => ({ ...wave, reason: long })) });
    expect(sizeOf(page)).toBeLessThanOrEqual(MOST_BYTES);
    expect((page.match(/^```/gm) ?? []).length % 2).toBe(0);
  });
});
