// The lines a prober prints: that every endpoint was asked once, and in the end what it saw.
import * as z from 'zod';
import { probeReportSchema } from '../documents/cutover.ts';

const probeLineSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready') }),
  z.strictObject({ kind: z.literal('reports'), reports: z.array(probeReportSchema).readonly() }),
]);
export type ProbeLine = Readonly<z.infer<typeof probeLineSchema>>;

export function showProbeLine(line: ProbeLine): string {
  return JSON.stringify(line);
}

/** The line, or undefined when it is none of a prober's. */
export function readProbeLine(text: string): ProbeLine | undefined {
  try {
    return probeLineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
