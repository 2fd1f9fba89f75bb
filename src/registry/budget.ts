// What one run may spend on registries: one deadline, a number of requests at once, and how often a doubtful answer is asked again.
import type { ImageName } from '../images/reference.ts';
import type { World } from '../world/world.ts';
import { makeSlots, type Slots } from './slots.ts';

export const DEFAULTS = {
  /** For everything asked of all registries in one run. */
  deadlineMs: 180_000,
  /** For one request, body included. */
  requestDeadlineMs: 30_000,
  concurrency: 16,
  /** Tries until a doubtful answer, or "not there", is taken as said. */
  tries: 3,
} as const;

export interface RegistryOptions {
  /** The least the caller needs. */
  readonly actions: 'pull' | 'pull,push';
  readonly deadlineMs?: number | undefined;
  readonly concurrency?: number | undefined;
  /** Tries until "not there" is believed; more than one only helps right after a push. */
  readonly absentTries?: number | undefined;
  /** Hosts that are spoken to over plain HTTP; loopback needs no entry. */
  readonly insecureHosts?: readonly string[] | undefined;
  /** Replaces Math.random for the jitter of pauses. */
  readonly random?: (() => number) | undefined;
}

export interface Budget {
  readonly slots: Slots;
  readonly absentTries: number;
  readonly insecureHosts: readonly string[];
  readonly random: () => number;
  remainingMs(): number;
  /** Counts one request and says how long it may take. */
  spend(): number;
  requests(): number;
}

export function makeBudget(world: World, options: RegistryOptions): Budget {
  const until = world.clock.monotonic() + (options.deadlineMs ?? DEFAULTS.deadlineMs);
  const remainingMs = (): number => Math.max(0, until - world.clock.monotonic());
  let requests = 0;
  return {
    slots: makeSlots(options.concurrency ?? DEFAULTS.concurrency),
    absentTries: options.absentTries ?? DEFAULTS.tries,
    insecureHosts: options.insecureHosts ?? [],
    random: options.random ?? Math.random,
    remainingMs,
    spend: () => {
      requests += 1;
      // A timer takes whole milliseconds only.
      return Math.max(1, Math.ceil(Math.min(DEFAULTS.requestDeadlineMs, remainingMs())));
    },
    requests: () => requests,
  };
}

/** `repository:acme/fleet/base-python:pull`: built by us, whatever scope a challenge suggests. */
export function scopeOf(name: ImageName, actions: RegistryOptions['actions']): string {
  return `repository:${name.path}:${actions}`;
}
