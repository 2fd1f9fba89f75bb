// What a prober is asked to watch: one endpoint of one service on one machine, and what a good answer of it is.
import * as z from 'zod';
import type { Deployment, Machine, Placement } from '../documents/fleet.ts';

export const probeTargetSchema = z.strictObject({
  machine: z.string(),
  service: z.string(),
  url: z.url({ protocol: /^http$/ }),
  /** The parsed body must equal this, no key more or less. */
  expect: z.record(z.string(), z.json()),
  vantage: z.enum(['outside', 'host']),
});
export type ProbeTarget = Readonly<z.infer<typeof probeTargetSchema>>;

/** The prober's first line of standard input. */
export const probeRequestSchema = z.strictObject({
  targets: z.array(probeTargetSchema).readonly(),
  periodMs: z.number().positive().optional(),
});
export type ProbeRequest = Readonly<z.infer<typeof probeRequestSchema>>;

/** A prober that stands further away than a host's own loopback can't see a port that is bound there. */
const LOOPBACK = /^(?:127\.|::1$|localhost$)/;

/** Every endpoint of the deployment that can be asked from here. */
export function probeTargets(deployment: Pick<Deployment, 'machines' | 'placements'>): readonly ProbeTarget[] {
  return deployment.placements.flatMap((placement) => {
    const machine = deployment.machines.find(({ name }) => name === placement.machine);
    return machine === undefined ? [] : targetOf(placement, machine);
  });
}

function targetOf(placement: Placement, machine: Machine): readonly ProbeTarget[] {
  const { health, ports, service } = placement;
  const port = ports.find(({ container, protocol }) => protocol === 'tcp' && container === health.port);
  if (port?.host === undefined) return [];
  const address = addressOf(machine, port.address);
  if (address === undefined) return [];
  const vantage = machine.reach.length === 0 || LOOPBACK.test(address) ? 'host' : 'outside';
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port.host}${health.path}`;
  return [{ machine: machine.name, service, url, expect: health.exactly, vantage }];
}

/** Where the port answers as seen from here; undefined when it can't be seen. */
function addressOf(machine: Machine, bound: string | undefined): string | undefined {
  const here = machine.reach.length === 0;
  if (bound !== undefined && LOOPBACK.test(bound)) return here ? bound : undefined;
  return machine.address ?? (here ? '127.0.0.1' : undefined);
}
