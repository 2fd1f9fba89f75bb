// How the documents between verbs are read and written: one schema each, read in full, refused in full.
import * as z from 'zod';
import { Fault } from '../fault.ts';

/** Wall clock time as ISO 8601 in UTC. */
export const timeSchema = z.iso.datetime();
export const textMap = z.record(z.string(), z.string());

/** Parses a document's text. Throws Fault `document` with every place that does not fit; `where` names the file or pipe. */
export function parseDocument<S extends z.ZodType>(schema: S, text: string, where: string): z.output<S> {
  const parsed = schema.safeParse(parseJson(text, where));
  if (parsed.success) return parsed.data;
  throw new Fault('document', `${where} is not the document this verb needs`, {
    where,
    found: z.prettifyError(parsed.error),
    cure: 'make it again with the verb that writes it, in the same version of rollout-action',
  });
}

/** The document as text: two spaces, a newline at the end, so that it diffs. */
export function showDocument(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = text === '' ? 'nothing' : `${text.length} characters that are not JSON`;
    throw new Fault('document', `${where} is not JSON`, { where, expected: 'one JSON document', found, cause });
  }
}
