// Findings: what a check proved wrong, where, and how to mend it.
import * as z from 'zod';

export const severitySchema = z.enum(['error', 'warning', 'info']);

export const findingSchema = z.strictObject({
  /** RA405; RC… for rollout.yml itself. */
  rule: z.string(),
  severity: severitySchema,
  /** What would break at the latest: the build, the start, the health gate, or only the policy. */
  breaks: z.enum(['build', 'start', 'health', 'policy']),
  /** Relative to the checked folder. Lines and columns count from 1. */
  file: z.string(),
  line: z.int().positive(),
  endLine: z.int().positive(),
  column: z.int().positive(),
  message: z.string(),
  expected: z.string().optional(),
  got: z.string().optional(),
  cure: z.string(),
  /** Replaces the lines from `line` to `endLine` by `replacement`. */
  fix: z.strictObject({ line: z.int().positive(), endLine: z.int().positive(), replacement: z.string() }).optional(),
});
export type Finding = Readonly<z.infer<typeof findingSchema>>;

export const findingsSchema = z.strictObject({
  schema: z.literal('rollout/findings'),
  version: z.literal(1),
  /** Files that were read and checked. */
  checked: z.array(z.string()).readonly(),
  findings: z.array(findingSchema).readonly(),
});
export type Findings = Readonly<z.infer<typeof findingsSchema>>;

/** A check's result where there is no file: an image in a registry, a host. */
export const checkSchema = z.strictObject({
  /** I02, P07, S03. */
  rule: z.string(),
  verdict: z.enum(['pass', 'fail', 'warn', 'unknown']),
  /** What was looked at: a reference, a port, a path on a host. */
  where: z.string(),
  message: z.string(),
  expected: z.string().optional(),
  got: z.string().optional(),
  cure: z.string().optional(),
});
export type Check = Readonly<z.infer<typeof checkSchema>>;
