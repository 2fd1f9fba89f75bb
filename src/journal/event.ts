// The journal's events: what is about to be done to a service on this host, and what was done.
import * as z from 'zod';
import { runningSchema, serviceStateSchema } from '../documents/cutover.ts';
import { timeSchema } from '../documents/document.ts';
import { placementSchema } from '../documents/fleet.ts';
import { pinSchema } from '../hosts/pins.ts';

/** A container that was there before a rollout: enough to bring it back as it was. */
export const keptContainerSchema = z.strictObject({
  container: z.string(),
  name: z.string(),
  /** It ran when the rollout came; one that did not is never started. */
  wasRunning: z.boolean(),
  wasHealthy: z.boolean(),
  restartPolicy: z.strictObject({ name: z.string(), maximumRetries: z.number() }),
  /** hand-run: not made by the project's Compose, adopted. */
  owner: z.enum(['compose', 'hand-run']),
});
export type KeptContainer = Readonly<z.infer<typeof keptContainerSchema>>;

/** A service as a release left it: all it takes to make it again with the registry gone. */
export const releaseRecordSchema = z.strictObject({
  deployment: z.string(),
  at: timeSchema,
  pin: pinSchema,
  /** Keyed hash of the effective configuration. */
  configuration: z.string(),
  container: z.string(),
  placement: placementSchema,
});
export type ReleaseRecord = Readonly<z.infer<typeof releaseRecordSchema>>;

export const fileWriteSchema = z.strictObject({
  path: z.string(),
  /** SHA-256 of the bytes that lay there; they are kept in the state folder. Absent: there was no file. */
  former: z.string().optional(),
  written: z.string(),
});
export type FileWrite = Readonly<z.infer<typeof fileWriteSchema>>;

export const factsSchema = z.strictObject({
  message: z.string().optional(),
  from: runningSchema.optional(),
  kept: keptContainerSchema.optional(),
  to: z.string().optional(),
  digest: z.string().optional(),
  pin: pinSchema.optional(),
  formerPin: pinSchema.optional(),
  release: releaseRecordSchema.optional(),
  /** The release became current by returning to it: what it replaced is no way back. */
  returned: z.boolean().optional(),
  file: fileWriteSchema.optional(),
  /** The value of COMPOSE_FILE in the project's .env, before and after. */
  composeFile: z.strictObject({ former: z.string().optional(), written: z.string() }).optional(),
});
export type Facts = Readonly<z.infer<typeof factsSchema>>;

export const eventSchema = z.strictObject({
  sequence: z.int().positive(),
  deployment: z.string(),
  state: serviceStateSchema,
  kind: z.enum(['intent', 'done', 'note']),
  /** `enter`, `stop-old`, `start-new`, `write-pin`, `adopt`, … */
  act: z.string(),
  at: timeSchema,
  monotonicMs: z.number(),
  facts: factsSchema,
});
export type JournalEvent = Readonly<z.infer<typeof eventSchema>>;
