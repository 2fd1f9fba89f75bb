// One service's turn on one host, and what all turns of one call share.
import type { Compose, ComposeProject, Rendered } from '../docker/compose.ts';
import type { Engine, EngineFacts } from '../docker/engine.ts';
import type { CutoverEvent, GateResult, ServiceCutover, ServiceState } from '../documents/cutover.ts';
import type { Check } from '../documents/findings.ts';
import type { Machine, Placement } from '../documents/fleet.ts';
import type { Release } from '../documents/release.ts';
import type { Container } from '../hosts/container.ts';
import type { Pin } from '../hosts/pins.ts';
import type { KeptContainer, ReleaseRecord } from '../journal/event.ts';
import type { Journal } from '../journal/journal.ts';
import type { Direction } from './host-machine.ts';
import type { ProjectFolder } from './host-project.ts';
import type { EventHub } from './host-watch.ts';
import type { HostWorld } from './host-world.ts';

export interface HostOptions {
  readonly release: Release;
  readonly machine: string;
  readonly services: readonly string[];
  readonly stateFolder: string;
  /** Milliseconds to watch the wave once all of it is promoted; the old containers are kept until then. */
  readonly soakMs: number;
  /** Milliseconds to wait for another rollout of one of these services. */
  readonly lockWaitMs: number;
  /** Replace project files that a human changed; their bytes are kept in the state folder. */
  readonly acceptFiles: boolean;
  readonly direction: Direction;
  readonly emit: (event: CutoverEvent) => void;
  /** Traffic back first, then the end. */
  readonly signal: AbortSignal;
}

/** What every turn of one call works with. */
export interface Host {
  readonly world: HostWorld;
  readonly options: HostOptions;
  readonly machine: Machine;
  readonly engine: Engine;
  readonly compose: Compose;
  readonly facts: EngineFacts;
  readonly project: ProjectFolder;
  /** The release's Compose files as Compose reads them on this host. */
  readonly rendered: Rendered;
  readonly hub: EventHub;
  /** Fires on the caller's signal, and when a service of the wave failed that takes the others back with it. */
  readonly signal: AbortSignal;
  /** Takes the whole wave back, once; the first reason stands. */
  readonly giveUp: (reason: string) => void;
  readonly gaveUp: () => string | undefined;
  /** Compose acts one at a time: two at once may both make the project's network. */
  readonly alone: <T>(act: () => Promise<T>) => Promise<T>;
}

export interface Target {
  /** `name:tag@sha256:…`, as it is pinned. */
  readonly pin: Pin;
  /** `name@sha256:…`, as it is pulled and compared. */
  readonly reference: string;
  /** `host/path`, no tag. */
  readonly repository: string;
  readonly tag: string;
}

/** How the new container comes: beside the old one, or in its place where Compose can't have two. */
export type Manner = 'beside' | 'in-place';

export interface Turn {
  readonly placement: Placement;
  readonly target: Target;
  readonly journal: Journal;
  readonly direction: Direction;
  readonly manner: Manner;
  state: ServiceState;
  readonly states: { readonly state: ServiceState; readonly at: string }[];
  /** Entered next; undefined when the state is terminal. */
  next: ServiceState | undefined;
  /** Said when the next state is entered. */
  reason: string;
  /** Why it did not succeed: the first thing that went wrong. */
  cause: string | undefined;
  /** Its step never failed: it ended because others did, or because we were asked to stop. */
  spared: boolean;
  /** The same image and the same configuration run already. */
  unchanged: string | undefined;
  /** The first check of the preflight that it fails. */
  preflight: Check | undefined;
  /** What runs it today. */
  before: Container | undefined;
  kept: KeptContainer | undefined;
  baseline: 'healthy' | 'unhealthy' | 'none' | 'exited' | undefined;
  readonly configuration: string;
  /** Id of the new container. */
  made: string | undefined;
  madeName: string | undefined;
  pinned: boolean;
  gapStartedAt: number | undefined;
  gapEndedAt: number | undefined;
  times: { stopMs?: number; startMs?: number; readyMs?: number };
  gate: GateResult | undefined;
  evidence: ServiceCutover['evidence'];
  /** The release it becomes, or is returned to. */
  becomes: ReleaseRecord | undefined;
}

export type StepResult =
  | { readonly kind: 'done'; readonly message?: string }
  | { readonly kind: 'unchanged'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

export const DONE: StepResult = { kind: 'done' };

export function projectOf(host: Host): ComposeProject {
  return host.project.compose();
}

interface NewTurn {
  readonly placement: Placement;
  readonly target: Target;
  readonly journal: Journal;
  readonly configuration: string;
  readonly direction: Direction;
}

export function newTurn({ placement, target, journal, configuration, direction }: NewTurn): Turn {
  return {
    placement,
    target,
    journal,
    configuration,
    direction,
    manner: placement.containerName === undefined ? 'beside' : 'in-place',
    state: 'Pending',
    states: [],
    next: 'Pending',
    reason: '',
    cause: undefined,
    spared: false,
    unchanged: undefined,
    preflight: undefined,
    before: undefined,
    kept: undefined,
    baseline: undefined,
    made: undefined,
    madeName: undefined,
    pinned: false,
    gapStartedAt: undefined,
    gapEndedAt: undefined,
    times: {},
    gate: undefined,
    evidence: undefined,
    becomes: undefined,
  };
}
