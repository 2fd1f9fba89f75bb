// Plan: what must be built for which machine, what is kept from before, and how the hosts will move.
import * as z from 'zod';
import { digestSchema } from '../images/reference.ts';
import { textMap, timeSchema } from './document.ts';
import { deploymentSchema } from './fleet.ts';

/** What the registry must say of an image once it is built; the image checks compare against it. */
export const expectedImageSchema = z.strictObject({
  platform: z.literal('linux/amd64'),
  /** The machine whose profile is baked; absent for machine-neutral images. */
  machine: z.string().optional(),
  /** Only services are held to the rules of a running container (I02–I05). */
  service: z.string().optional(),
  user: z.string().optional(),
  entrypoint: z.array(z.string()).readonly().optional(),
  command: z.array(z.string()).readonly().optional(),
  healthcheck: z.array(z.string()).readonly().optional(),
  /** `8080/tcp`. */
  exposedPorts: z.array(z.string()).readonly().optional(),
  labels: textMap,
});
export type ExpectedImage = Readonly<z.infer<typeof expectedImageSchema>>;

export const targetSchema = z.strictObject({
  /** `family-web`, `model_ops_coordinator-mainpc`: unique in the plan. */
  name: z.string(),
  image: z.string(),
  kind: z.enum(['family', 'service']),
  machine: z.string().optional(),
  repository: z.string(),
  /** The tag it gets when published: the plan's tag, `-machine` behind it for machine variants. */
  tag: z.string(),
  expected: expectedImageSchema,
});

export const buildTargetSchema = targetSchema.extend({
  dockerfile: z.string(),
  context: z.string(),
  arguments: textMap,
  labels: textMap,
  /** Parents: the text in FROM → another target of this plan, or an image that exists by digest. */
  contexts: z
    .array(
      z.strictObject({
        from: z.string(),
        is: z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.literal('target'), target: z.string() }),
          z.strictObject({ kind: z.literal('image'), reference: z.string() }),
        ]),
      }),
    )
    .readonly(),
  /** Why it is built, for people: `model_ops_coordinator/app.py changed`, `first release`. */
  reasons: z.array(z.string()).readonly(),
});
export type BuildTarget = Readonly<z.infer<typeof buildTargetSchema>>;

export const keptTargetSchema = targetSchema.extend({ digest: digestSchema });
export type KeptTarget = Readonly<z.infer<typeof keptTargetSchema>>;

export const planSchema = z.strictObject({
  schema: z.literal('rollout/plan'),
  version: z.literal(1),
  createdAt: timeSchema,
  /** Full commit SHA of the repository. */
  revision: z.string(),
  registry: z.string(),
  /** `20261123-9c99cc9`, computed once, here. */
  tag: z.string(),
  /** Parents before children. */
  build: z.array(buildTargetSchema).readonly(),
  kept: z.array(keptTargetSchema).readonly(),
  buildSecrets: z.array(z.string()).readonly(),
  deployment: deploymentSchema,
});
export type Plan = Readonly<z.infer<typeof planSchema>>;
