import { describe, expect, test } from 'vitest';
import { fleetCutoverSchema, hostCutoverSchema } from '../../../src/documents/cutover.ts';
import { documentName, parseDocument, showDocument, writerOf } from '../../../src/documents/document.ts';
import { evidenceSchema } from '../../../src/documents/evidence.ts';
import { findingsSchema } from '../../../src/documents/findings.ts';
import { configSchema } from '../../../src/documents/fleet.ts';
import { planSchema } from '../../../src/documents/plan.ts';
import { releaseSchema } from '../../../src/documents/release.ts';
import { publicationSchema, verificationSchema } from '../../../src/documents/verification.ts';

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
    ['nothing', findingsSchema, '', 'rollout validate --format json --output findings.json'],
    ['a text', planSchema, 'hello', 'rollout plan --output plan.json'],
    ['another document', releaseSchema, showDocument(findings), 'rollout build --plan plan.json --output release.json'],
    ['a document that is torn', releaseSchema, '{"schema":"rollout/release"}', 'rollout build --plan plan.json'],
  ])('%s is refused with the command that writes what is needed', (_what, schema, text, writer) => {
    expect(() => parseDocument(schema, text, 'f')).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ cure: expect.stringContaining(writer) }) }),
    );
  });

  test('another document is told by its name, not by every key that does not fit', () => {
    const detail = { expected: 'a rollout/release document', found: 'a rollout/findings document' };
    expect(() => parseDocument(releaseSchema, showDocument(findings), 'f')).toThrow(
      expect.objectContaining({ detail: expect.objectContaining(detail) }),
    );
  });

  test('a document of another version is told by its version', () => {
    const newer = JSON.stringify({ ...findings, version: 2 });
    const detail = { expected: 'version 1 of rollout/findings', found: 'version 2' };
    expect(() => parseDocument(findingsSchema, newer, 'f')).toThrow(
      expect.objectContaining({ detail: expect.objectContaining(detail) }),
    );
  });

  test('every document has the command that writes it', () => {
    const schemas = [findingsSchema, configSchema, planSchema, releaseSchema, verificationSchema, publicationSchema];
    for (const schema of [...schemas, hostCutoverSchema, fleetCutoverSchema, evidenceSchema]) {
      expect(writerOf(String(documentName(schema)))).toMatch(/^rollout [a-z]+ /);
    }
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
