// How the documents between verbs are read and written: one schema each, read in full, refused in full.
import * as z from 'zod';
import { Fault } from '../fault.ts';

/** Wall clock time as ISO 8601 in UTC. */
export const timeSchema = z.iso.datetime();
/** A name that is none of ours may be of any length. */
const SHOWN_NAME = 80;
/** Of every document. */
const VERSION = 1;
export const textMap = z.record(z.string(), z.string());

/** The command that writes a document, by the document's name. */
const WRITERS: Readonly<Record<string, string>> = {
  'rollout/findings': 'rollout validate --format json --output findings.json',
  'rollout/config': 'rollout config --format json --output config.json',
  'rollout/plan': 'rollout plan --output plan.json',
  'rollout/release': 'rollout build --plan plan.json --output release.json',
  'rollout/verification': 'rollout verify --release release.json --output verification.json',
  'rollout/publication':
    'rollout publish --release release.json --verification verification.json --output publication.json',
  'rollout/cutover': 'rollout cutover --machine NAME --release release.json --output cutover.json',
  'rollout/fleet': 'rollout cutover --release release.json --output fleet.json',
  'rollout/evidence': 'rollout report --release release.json --output-dir out',
};

/** Parses a document's text. Throws Fault `document` with every place that does not fit; `where` names the file or pipe. */
export function parseDocument<S extends z.ZodType>(schema: S, text: string, where: string): z.output<S> {
  const name = documentName(schema);
  const json = parseJson(text, where, name);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Fault('document', `${where} is not the document this verb needs`, {
    where,
    ...(differenceOf(name, json) ?? { found: z.prettifyError(parsed.error) }),
    cure: cureOf(name),
  });
}

/** The document as text: two spaces, a newline at the end, so that it diffs. */
export function showDocument(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** `rollout/plan`; undefined for what is no document between verbs. */
export function documentName(schema: z.ZodType): string | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  const field: unknown = schema.shape['schema'];
  const name: unknown = field instanceof z.ZodLiteral ? field.value : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** The command that writes the document of this name. */
export function writerOf(name: string): string | undefined {
  return Object.hasOwn(WRITERS, name) ? WRITERS[name] : undefined;
}

function cureOf(name: string | undefined): string {
  const writer = name === undefined ? undefined : writerOf(name);
  return `make it again${writer === undefined ? ' with the verb that writes it' : `: ${writer}`}, with this version of rollout-action`;
}

const headSchema = z.looseObject({ schema: z.string(), version: z.number() });

/** What the whole document is instead, which says more than every key that does not fit. */
function differenceOf(name: string | undefined, json: unknown): { expected: string; found: string } | undefined {
  const head = headSchema.safeParse(json);
  if (name === undefined || !head.success) return undefined;
  const { schema, version } = head.data;
  if (schema !== name) return { expected: `a ${name} document`, found: `a ${schema.slice(0, SHOWN_NAME)} document` };
  return version === VERSION ? undefined : { expected: `version ${VERSION} of ${name}`, found: `version ${version}` };
}

function parseJson(text: string, where: string, name: string | undefined): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = text === '' ? 'nothing' : `${text.length} characters that are not JSON`;
    const expected = name === undefined ? 'one JSON document' : `a ${name} document, which is JSON`;
    throw new Fault('document', `${where} is not JSON`, { where, expected, found, cure: cureOf(name), cause });
  }
}
