// compose.rollout.yml: the generated override that pins each service's image, read by Compose after the user's files.
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { Fault } from '../fault.ts';
import { ROLLOUT_LABELS } from './container.ts';

/** What one service is pinned to. */
export const pinSchema = z.strictObject({
  /** `name:tag@sha256:…` */
  image: z.string(),
  deployment: z.string(),
  digest: z.string(),
});
export type Pin = Readonly<z.infer<typeof pinSchema>>;
/** By Compose service. */
export type Pins = Readonly<Record<string, Pin>>;

const fileSchema = z.object({
  services: z.record(z.string(), z.object({ image: z.string(), labels: z.record(z.string(), z.string()) })).nullish(),
});

const HEADER = `# Written by rollout: the images that this host runs, by digest. A plain \`docker compose\` reads it through
# COMPOSE_FILE in .env. The next rollout writes it anew; change the release instead.
`;

export function showPins(pins: Pins): string {
  const services = Object.fromEntries(
    Object.entries(pins)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([service, pin]) => [service, { image: pin.image, labels: labelsOf(service, pin) }]),
  );
  return HEADER + stringify({ services }, { lineWidth: 0 });
}

/** Throws Fault `conflict` when the file is not one of ours. */
export function parsePins(text: string | undefined, where: string): Pins {
  if (text === undefined) return {};
  const parsed = fileSchema.safeParse(parse(text));
  if (!parsed.success) throw foreign(where, z.prettifyError(parsed.error));
  const entries = Object.entries(parsed.data.services ?? {});
  return Object.fromEntries(entries.map(([service, { image, labels }]) => [service, toPin(image, labels, where)]));
}

/** The pins with one service's changed, or taken out. */
export function withPin(pins: Pins, service: string, pin: Pin | undefined): Pins {
  const others = Object.fromEntries(Object.entries(pins).filter(([name]) => name !== service));
  return pin === undefined ? others : { ...others, [service]: pin };
}

function labelsOf(service: string, pin: Pin): Record<string, string> {
  return {
    [ROLLOUT_LABELS.deployment]: pin.deployment,
    [ROLLOUT_LABELS.digest]: pin.digest,
    [ROLLOUT_LABELS.service]: service,
  };
}

function toPin(image: string, labels: Record<string, string>, where: string): Pin {
  const deployment = labels[ROLLOUT_LABELS.deployment];
  const digest = labels[ROLLOUT_LABELS.digest];
  if (deployment === undefined || digest === undefined) throw foreign(where, `${image} without a rollout's labels`);
  return { image, deployment, digest };
}

function foreign(where: string, found: string): Fault {
  return new Fault('conflict', 'this file is the rollout’s, and somebody else wrote it', {
    where,
    expected: 'services with an image and the labels rollout.deployment and rollout.digest',
    found,
    cure: 'move it away; the rollout writes it anew',
  });
}
