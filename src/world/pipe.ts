// Documents that come through a pipe of the shell, standard input or `<(…)`: read to the end, within a time and a size.
import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { Fault } from '../fault.ts';
import { fileFault } from './file-fault.ts';
import { startTimer } from './timer.ts';

/** The verb before may run as long as a build of everything does. */
const PIPE_DEADLINE_MS = 2 * 60 * 60_000;
const LARGEST_DOCUMENT_BYTES = 64 * 1024 * 1024;
const STANDARD_INPUT = 0;
const DESCRIPTOR = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/;

export interface PipeLimits {
  readonly deadlineMs: number;
  readonly maxBytes: number;
}

/** The open descriptor a path stands for: `-`, `/dev/stdin`, or `/dev/fd/63` as a shell writes for `<(…)`. */
export function descriptorOf(path: string): number | undefined {
  if (path === '-' || path === '/dev/stdin') return STANDARD_INPUT;
  const digits = DESCRIPTOR.exec(path)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

const LIMITS: PipeLimits = { deadlineMs: PIPE_DEADLINE_MS, maxBytes: LARGEST_DOCUMENT_BYTES };

/** All text of an open descriptor. Throws Fault `timeout`, `usage` when it was read before, `input` for anything else. */
export async function readDescriptor(descriptor: number, limits: PipeLimits = LIMITS): Promise<string> {
  const where = descriptor === STANDARD_INPUT ? 'standard input' : `/dev/fd/${descriptor}`;
  const stream = await openDescriptor(descriptor, where);
  const state = { late: false };
  const callOff = startTimer(limits.deadlineMs, () => {
    state.late = true;
    stream.destroy();
  });
  try {
    return await readAll(stream, where, limits.maxBytes);
  } catch (error) {
    throw state.late ? lateFault(where, limits.deadlineMs) : fileFault(where, 'reading', error);
  } finally {
    callOff();
  }
}

/** Writes to what a path of /dev stands for, where a file put in its place would break it. */
export async function writeThrough(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw fileFault(path, 'writing', error);
  }
}

interface Source extends AsyncIterable<unknown> {
  destroy(): unknown;
}

async function openDescriptor(descriptor: number, where: string): Promise<Source> {
  if (descriptor === STANDARD_INPUT) {
    if (!process.stdin.destroyed) return process.stdin;
    throw new Fault('usage', 'standard input was read already', {
      expected: 'one document there',
      cure: 'name a file for the other one',
    });
  }
  try {
    const found = await stat(where);
    // Not a stream of node:fs for a pipe: its reads can't be given up, and would hold the process.
    if (!found.isFile()) return new Socket({ fd: descriptor, readable: true, writable: false });
    return createReadStream('', { fd: descriptor });
  } catch (error) {
    throw fileFault(where, 'reading', error);
  }
}

async function readAll(stream: Source, where: string, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk));
    size += bytes.byteLength;
    if (size > maxBytes) throw tooLarge(where, maxBytes);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(where: string, maxBytes: number): Fault {
  return new Fault('input', `${where} is too large for a document`, {
    where,
    expected: `at most ${maxBytes} bytes`,
    found: 'more',
    cure: 'send the document of the verb before, and nothing else',
  });
}

function lateFault(where: string, deadlineMs: number): Fault {
  return new Fault('timeout', `${where} did not end within ${deadlineMs} ms`, {
    where,
    cure: 'end what writes there, or write the document to a file first and name that',
  });
}
