// What a cutover did: one report per host and wave, gathered into one for the fleet.
import * as z from 'zod';
import { timeSchema } from './document.ts';
import { checkSchema } from './findings.ts';
import { waveSchema } from './fleet.ts';

export const serviceStateSchema = z.enum([
  'Pending',
  'Preflight',
  'Preparing',
  'Starting',
  'Verifying',
  'Promoting',
  'Draining',
  'Soaking',
  'Finalising',
  'RollingBack',
  'Paused',
  'Succeeded',
  'Failed',
  'RolledBack',
  'Degraded',
]);
export type ServiceState = z.infer<typeof serviceStateSchema>;

export const serviceOutcomeSchema = z.enum([
  'succeeded',
  'unchanged', // digest and configuration were what runs already
  'failed', // nothing was changed
  'rolled-back',
  'degraded', // a human is needed
  'skipped', // an earlier one failed
]);
export type ServiceOutcome = z.infer<typeof serviceOutcomeSchema>;

/** What runs, or ran: enough to find it on the engine. */
export const runningSchema = z.strictObject({
  container: z.string(),
  name: z.string(),
  image: z.string(),
  digest: z.string().optional(),
  /** Its health when we came: the baseline. */
  health: z.enum(['healthy', 'unhealthy', 'none', 'exited']).optional(),
});

/** The stop-first gap, split; milliseconds. */
export const gapSchema = z.strictObject({
  totalMs: z.number().nonnegative(),
  stopMs: z.number().nonnegative(),
  startMs: z.number().nonnegative(),
  readyMs: z.number().nonnegative(),
});

export const gateSchema = z.strictObject({
  verdict: z.enum(['healthy', 'unhealthy', 'inconclusive']),
  attempts: z.int().nonnegative(),
  /** Milliseconds from start to the first good answer. */
  firstHealthyMs: z.number().nonnegative().optional(),
  lastStatus: z.int().optional(),
  /** The first 1,000 characters of the last body. */
  lastBody: z.string().optional(),
  reason: z.string(),
});
export type GateResult = Readonly<z.infer<typeof gateSchema>>;

export const serviceCutoverSchema = z.strictObject({
  service: z.string(),
  machine: z.string(),
  outcome: serviceOutcomeSchema,
  reason: z.string(),
  strategy: z.string(),
  from: runningSchema.optional(),
  to: runningSchema.optional(),
  states: z.array(z.strictObject({ state: serviceStateSchema, at: timeSchema })).readonly(),
  gap: gapSchema.optional(),
  gate: gateSchema.optional(),
  /** Of the failed container: last log lines, inspect's state, engine events. */
  evidence: z
    .strictObject({
      exitCode: z.int().optional(),
      outOfMemory: z.boolean().optional(),
      restarts: z.int().optional(),
      log: z.array(z.string()).readonly(),
      events: z.array(z.string()).readonly(),
    })
    .optional(),
});
export type ServiceCutover = Readonly<z.infer<typeof serviceCutoverSchema>>;

export const hostCutoverSchema = z.strictObject({
  schema: z.literal('rollout/cutover'),
  version: z.literal(1),
  deployment: z.string(),
  machine: z.string(),
  /** The release's tag. */
  tag: z.string(),
  startedAt: timeSchema,
  finishedAt: timeSchema,
  outcome: z.enum(['succeeded', 'failed', 'rolled-back', 'degraded', 'aborted']),
  preflight: z.array(checkSchema).readonly(),
  services: z.array(serviceCutoverSchema).readonly(),
  /** What the self-healing supervisors did, in order. */
  supervisors: z.array(z.strictObject({ container: z.string(), at: timeSchema, event: z.string() })).readonly(),
  /** Project files written, by path relative to the project folder. */
  files: z.array(z.strictObject({ path: z.string(), result: z.enum(['written', 'same']) })).readonly(),
});
export type HostCutover = Readonly<z.infer<typeof hostCutoverSchema>>;

/** What a prober saw of one endpoint. */
export const probeReportSchema = z.strictObject({
  machine: z.string(),
  service: z.string(),
  url: z.string(),
  /** Where the prober stood: `outside`, `host`. */
  vantage: z.string(),
  periodMs: z.number().positive(),
  requests: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  /** Failures by class: refused, reset, timeout, status-503, body. */
  failures: z.record(z.string(), z.int().nonnegative()),
  /** Longest time between two good answers around a failure, milliseconds; 0 when none failed. */
  longestGapMs: z.number().nonnegative(),
  /** Sum of all such gaps. */
  totalGapMs: z.number().nonnegative(),
  latencyMs: z.strictObject({ median: z.number(), p95: z.number(), max: z.number() }).optional(),
  /** Longest time between two questions as they were really asked, milliseconds: a shorter gap can hide in it. */
  resolutionMs: z.number().nonnegative().optional(),
  /** The gaps, the first ones when there were many; `at` is the last good answer. */
  gaps: z
    .array(z.strictObject({ at: timeSchema, ms: z.number().nonnegative() }))
    .readonly()
    .optional(),
  /** Failures before the first good answer: it was down when we came. Counted in `requests`, not in `failed`. */
  before: z.strictObject({ failed: z.int().positive(), failures: z.record(z.string(), z.int()) }).optional(),
  /** It did not answer at the end; the last gap is then a lower bound. */
  stillFailing: z.literal(true).optional(),
});
export type ProbeReport = Readonly<z.infer<typeof probeReportSchema>>;

export const fleetCutoverSchema = z.strictObject({
  schema: z.literal('rollout/fleet'),
  version: z.literal(1),
  tag: z.string(),
  startedAt: timeSchema,
  finishedAt: timeSchema,
  outcome: z.enum(['succeeded', 'failed', 'rolled-back', 'degraded', 'aborted']),
  waves: z
    .array(
      waveSchema.extend({
        outcome: z.enum(['succeeded', 'failed', 'rolled-back', 'degraded', 'aborted', 'skipped']),
        startedAt: timeSchema.optional(),
        finishedAt: timeSchema.optional(),
        reason: z.string().optional(),
      }),
    )
    .readonly(),
  hosts: z.array(hostCutoverSchema).readonly(),
  /** Of services returned to their former release because a later wave failed. */
  returned: z.array(hostCutoverSchema).readonly(),
  probes: z.array(probeReportSchema).readonly(),
});
export type FleetCutover = Readonly<z.infer<typeof fleetCutoverSchema>>;

/** One line on a host's standard output while it works, so that the fleet (and a person) can follow. */
export const cutoverEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('state'),
    at: timeSchema,
    machine: z.string(),
    service: z.string(),
    state: serviceStateSchema,
    message: z.string(),
  }),
  z.strictObject({ kind: z.literal('note'), at: timeSchema, machine: z.string(), message: z.string() }),
  z.strictObject({ kind: z.literal('result'), report: hostCutoverSchema }),
]);
export type CutoverEvent = Readonly<z.infer<typeof cutoverEventSchema>>;
