// Evidence: all documents of a rollout drawn together, and the acceptance checklist they answer.
import * as z from 'zod';
import { timeSchema } from './document.ts';
import { fleetCutoverSchema } from './cutover.ts';
import { findingsSchema } from './findings.ts';
import { planSchema } from './plan.ts';
import { releaseSchema } from './release.ts';
import { publicationSchema, verificationSchema } from './verification.ts';

export const checklistItemSchema = z.strictObject({
  /** `images-pushed`, `canary-validated`, `batch-completed`. */
  id: z.string(),
  title: z.string(),
  verdict: z.enum(['yes', 'no', 'unknown', 'not-applicable']),
  /** Sentences with the figures that carry the verdict. */
  because: z.array(z.string()).readonly(),
});
export type ChecklistItem = Readonly<z.infer<typeof checklistItemSchema>>;

export const evidenceSchema = z.strictObject({
  schema: z.literal('rollout/evidence'),
  version: z.literal(1),
  createdAt: timeSchema,
  tag: z.string(),
  revision: z.string(),
  checklist: z.array(checklistItemSchema).readonly(),
  findings: findingsSchema.optional(),
  plan: planSchema.optional(),
  release: releaseSchema.optional(),
  verification: verificationSchema.optional(),
  publication: publicationSchema.optional(),
  fleet: fleetCutoverSchema.optional(),
});
export type Evidence = Readonly<z.infer<typeof evidenceSchema>>;
