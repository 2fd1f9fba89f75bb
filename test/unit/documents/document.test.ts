import { describe, expect, test } from 'vitest';
import { parseDocument, showDocument } from '../../../src/documents/document.ts';
import { findingsSchema } from '../../../src/documents/findings.ts';

const findings = { schema: 'rollout/findings', version: 1, checked: ['Dockerfile'], findings: [] } as const;

describe('a document', () => {
  test('reads back as it was written', () => {
    expect(parseDocument(findingsSchema, showDocument(findings), 'findings.json')).toEqual(findings);
  });

  test.each([
    ['', 'nothing'],
    ['{', '1 characters that are not JSON'],
  ])('%j is refused with what was found', (text, found) => {
    expect(() => parseDocument(findingsSchema, text, 'findings.json')).toThrow(
      expect.objectContaining({ code: 'document', detail: expect.objectContaining({ where: 'findings.json', found }) }),
    );
  });

  test.each([
    ['another version', { ...findings, version: 2 }],
    ['another document', { ...findings, schema: 'rollout/plan' }],
    ['a key nobody knows', { ...findings, extra: true }],
  ])('%s is refused', (_what, document) => {
    expect(() => parseDocument(findingsSchema, JSON.stringify(document), 'f')).toThrow(
      expect.objectContaining({ code: 'document' }),
    );
  });
});
