// The journal's lines: each event with the length and checksum that tell a whole line from a torn one.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Fault } from '../fault.ts';
import { eventSchema, type JournalEvent } from './event.ts';

const SUM_DIGITS = 16;
const lineSchema = z.strictObject({ length: z.int(), sum: z.string(), event: z.looseObject({}) });

export interface ReadJournal {
  readonly events: readonly JournalEvent[];
  /** The text without a torn last line; equal to the input when there was none. */
  readonly whole: string;
}

export function toLine(event: JournalEvent): string {
  const text = JSON.stringify(event);
  return `${JSON.stringify({ length: Buffer.byteLength(text), sum: sumOf(text), event })}\n`;
}

/**
 * Reads a journal's text. A last line that is torn was never fsynced, so nothing was done on its word: it is dropped.
 * Any other line that does not check is a Fault `host`: acts may hide behind it.
 */
export function readLines(text: string, where: string): ReadJournal {
  const end = text.lastIndexOf('\n') + 1;
  const lines = text.slice(0, end).split('\n').slice(0, -1);
  const events = lines.map((line) => readLine(line));
  const broken = events.findIndex((event) => event === undefined);
  if (broken === -1) return { events: events.filter((event) => event !== undefined), whole: text.slice(0, end) };
  if (broken === lines.length - 1 && end === text.length) return withoutLast(lines, events);
  throw corrupt(where, broken + 1, lines[broken] ?? '');
}

function withoutLast(lines: readonly string[], events: readonly (JournalEvent | undefined)[]): ReadJournal {
  const kept = lines.slice(0, -1).map((line) => `${line}\n`);
  return { events: events.filter((event) => event !== undefined), whole: kept.join('') };
}

function readLine(line: string): JournalEvent | undefined {
  const parsed = lineSchema.safeParse(jsonOrUndefined(line));
  if (!parsed.success) return undefined;
  const { length, sum, event } = parsed.data;
  const text = JSON.stringify(event);
  if (Buffer.byteLength(text) !== length || sumOf(text) !== sum) return undefined;
  const known = eventSchema.safeParse(event);
  return known.success ? known.data : undefined;
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, SUM_DIGITS);
}

function corrupt(where: string, line: number, text: string): Fault {
  return new Fault('host', 'the journal does not check', {
    where: `${where}:${line}`,
    expected: 'an event with its own length and checksum',
    found: text.slice(0, 120),
    cure: 'nothing is done on a journal that can not be trusted: look at what runs (`docker ps`), move the file away, and adopt what runs anew',
  });
}
