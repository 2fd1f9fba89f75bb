// Release: every image by digest and everything a host needs to run them. Tags may move later; this does not.
import * as z from 'zod';
import { digestSchema } from '../images/reference.ts';
import { timeSchema } from './document.ts';
import { deploymentSchema } from './fleet.ts';
import { targetSchema } from './plan.ts';

export const releaseImageSchema = targetSchema.extend({
  /** What was pushed: an index or a manifest. */
  digest: digestSchema,
  /** Built for this release, or kept from an earlier one. */
  origin: z.enum(['built', 'kept']),
  /** Seconds the build of this target took; absent when kept or not known. */
  buildSeconds: z.number().nonnegative().optional(),
});
export type ReleaseImage = Readonly<z.infer<typeof releaseImageSchema>>;

export const releaseSchema = z.strictObject({
  schema: z.literal('rollout/release'),
  version: z.literal(1),
  createdAt: timeSchema,
  revision: z.string(),
  registry: z.string(),
  tag: z.string(),
  images: z.array(releaseImageSchema).readonly(),
  deployment: deploymentSchema,
});
export type Release = Readonly<z.infer<typeof releaseSchema>>;
