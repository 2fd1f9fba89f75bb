// Verification: what the registry really holds of a release; and Publication: the tags that were put after it.
import * as z from 'zod';
import { digestSchema } from '../images/reference.ts';
import { timeSchema } from './document.ts';
import { checkSchema } from './findings.ts';

/** wrong: the image is there and a check of it failed. unknown is never absent. */
export const verdictSchema = z.enum(['present', 'moved', 'absent', 'auth', 'unknown', 'wrong']);
export type Verdict = z.infer<typeof verdictSchema>;

export const verifiedImageSchema = z.strictObject({
  target: z.string(),
  /** `ghcr.io/acme/fleet/base-python@sha256:…` */
  reference: z.string(),
  digest: digestSchema,
  verdict: verdictSchema,
  /** One sentence: what was expected and what the registry answered. */
  message: z.string(),
  /** The runnable platform's manifest. */
  platformDigest: digestSchema.optional(),
  configDigest: digestSchema.optional(),
  layers: z.int().nonnegative().optional(),
  /** Compressed bytes of all layers. */
  bytes: z.int().nonnegative().optional(),
  checks: z.array(checkSchema).readonly(),
});
export type VerifiedImage = Readonly<z.infer<typeof verifiedImageSchema>>;

export const verificationSchema = z.strictObject({
  schema: z.literal('rollout/verification'),
  version: z.literal(1),
  createdAt: timeSchema,
  tag: z.string(),
  /** The worst of all: present only if every image is. */
  verdict: verdictSchema,
  requests: z.int().nonnegative(),
  durationMs: z.number().nonnegative(),
  images: z.array(verifiedImageSchema).readonly(),
});
export type Verification = Readonly<z.infer<typeof verificationSchema>>;

export const publicationSchema = z.strictObject({
  schema: z.literal('rollout/publication'),
  version: z.literal(1),
  createdAt: timeSchema,
  tag: z.string(),
  tags: z
    .array(
      z.strictObject({
        /** `ghcr.io/acme/fleet/base-python:20261123-9c99cc9` */
        reference: z.string(),
        digest: digestSchema,
        result: z.enum(['put', 'already', 'failed']),
        message: z.string().optional(),
      }),
    )
    .readonly(),
});
export type Publication = Readonly<z.infer<typeof publicationSchema>>;
