// What a journal means: the service's current release, the ones before, what was adopted, and what was left unfinished.
import type { ServiceState } from '../documents/cutover.ts';
import type { Pin } from '../hosts/pins.ts';
import type { FileWrite, JournalEvent, KeptContainer, ReleaseRecord } from './event.ts';

/** A deployment that has begun and not ended: its process was killed, or it is running now. */
export interface OpenDeployment {
  readonly deployment: string;
  readonly state: ServiceState;
  readonly kept: KeptContainer | undefined;
  /** The new container, once it was made. */
  readonly to: string | undefined;
  /** The pin as it was before; only means something once `pinned`. */
  readonly formerPin: Pin | undefined;
  readonly pinned: boolean;
  readonly pin: Pin | undefined;
  /** What it becomes, once it is past the point of no return. */
  readonly release: ReleaseRecord | undefined;
}

export interface History {
  readonly sequence: number;
  readonly current: ReleaseRecord | undefined;
  /** Newest first. */
  readonly former: readonly ReleaseRecord[];
  /** The hand-run container that was taken for this service and not yet replaced for good. */
  readonly adopted: KeptContainer | undefined;
  readonly open: OpenDeployment | undefined;
  /** Writes of project files by deployment, in order, that were not undone. */
  readonly files: readonly (FileWrite & { readonly deployment: string })[];
  /** Ids of supervisors that were stopped for a cutover and not started again. */
  readonly stoppedSupervisors: readonly string[];
  /** Changes of COMPOSE_FILE that were not undone. */
  readonly composeFiles: readonly { readonly deployment: string; readonly former?: string; readonly written: string }[];
}

const EMPTY: History = {
  sequence: 0,
  current: undefined,
  former: [],
  adopted: undefined,
  open: undefined,
  files: [],
  composeFiles: [],
  stoppedSupervisors: [],
};

const TERMINAL: ReadonlySet<ServiceState> = new Set(['Succeeded', 'Failed', 'RolledBack', 'Degraded']);

export function isTerminal(state: ServiceState): boolean {
  return TERMINAL.has(state);
}

/** Folds the events; the same events always give the same history. */
export function replay(events: readonly JournalEvent[]): History {
  return events.reduce(apply, EMPTY);
}

function apply(history: History, event: JournalEvent): History {
  const counted = { ...history, sequence: event.sequence };
  switch (event.act) {
    case 'enter':
      return enter(counted, event);
    case 'adopt':
      return { ...counted, adopted: event.facts.kept };
    case 'drop-adopted':
      return event.kind === 'done' ? { ...counted, adopted: undefined } : counted;
    case 'undo-release':
      return event.kind === 'done' ? { ...counted, open: undefined, current: undefined } : counted;
    case 'write-file':
      return event.kind === 'intent' ? addFile(counted, event) : counted;
    case 'stop-supervisor':
      return { ...counted, stoppedSupervisors: [...otherSupervisors(counted, event), ...supervisorOf(event)] };
    case 'start-supervisor':
      return { ...counted, stoppedSupervisors: otherSupervisors(counted, event) };
    case 'write-env':
      return event.kind === 'intent' ? addComposeFile(counted, event) : counted;
    case 'undo-env':
      return event.kind === 'done' ? dropComposeFile(counted, event.deployment) : counted;
    case 'undo-file':
      return event.kind === 'done' ? dropFile(counted, event) : counted;
    default:
      return { ...counted, open: learn(counted.open, event) };
  }
}

function enter(history: History, event: JournalEvent): History {
  const { release, returned } = event.facts;
  if (isTerminal(event.state) && release !== undefined) return promote(history, release, returned === true);
  if (isTerminal(event.state)) return { ...history, open: undefined };
  const { deployment, state } = event;
  const same = history.open?.deployment === deployment && state !== 'Pending' ? history.open : undefined;
  const begun: OpenDeployment = same ?? {
    deployment,
    state,
    kept: undefined,
    to: undefined,
    formerPin: undefined,
    pinned: false,
    pin: undefined,
    release: undefined,
  };
  return { ...history, open: learn({ ...begun, state }, event) };
}

function promote(history: History, release: ReleaseRecord, returned: boolean): History {
  const { current, former } = history;
  if (returned) {
    const at = former.findIndex((record) => record.pin.digest === release.pin.digest);
    return { ...history, open: undefined, current: release, former: former.slice(at + 1) };
  }
  return {
    ...history,
    open: undefined,
    current: release,
    former: current === undefined ? former : [current, ...former],
  };
}

function learn(open: OpenDeployment | undefined, event: JournalEvent): OpenDeployment | undefined {
  if (open === undefined) return undefined;
  const { kept, to, pin, formerPin, release } = event.facts;
  const pinned = event.act === 'write-pin' ? { pinned: true, formerPin, pin } : {};
  return { ...open, kept: kept ?? open.kept, to: to ?? open.to, release: release ?? open.release, ...pinned };
}

function addFile(history: History, event: JournalEvent): History {
  const { file } = event.facts;
  if (file === undefined) return history;
  return { ...history, files: [...history.files, { ...file, deployment: event.deployment }] };
}

function dropFile(history: History, event: JournalEvent): History {
  const path = event.facts.file?.path;
  const at = history.files.findLastIndex((file) => file.path === path && file.deployment === event.deployment);
  return { ...history, files: history.files.filter((_, index) => index !== at) };
}

function addComposeFile(history: History, event: JournalEvent): History {
  const { composeFile } = event.facts;
  if (composeFile === undefined) return history;
  const { former, written } = composeFile;
  const change = { deployment: event.deployment, written, ...(former === undefined ? {} : { former }) };
  return { ...history, composeFiles: [...history.composeFiles, change] };
}

function dropComposeFile(history: History, deployment: string): History {
  return { ...history, composeFiles: history.composeFiles.filter((change) => change.deployment !== deployment) };
}

function supervisorOf({ facts }: JournalEvent): readonly string[] {
  return facts.to === undefined ? [] : [facts.to];
}

function otherSupervisors(history: History, { facts }: JournalEvent): readonly string[] {
  return history.stoppedSupervisors.filter((id) => id !== facts.to);
}
