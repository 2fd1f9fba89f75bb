// The one error of the program: something that cannot go on, said so that its reader can cure it.

export const FAULT_CODES = [
  'usage', // the command line or an action's inputs are off
  'input', // a file of the user (rollout.yml, Dockerfile, compose, lock) can't be used
  'findings', // what was checked is wrong, and every finding is told; ends with 1, not with 2
  'document', // a document between verbs is missing, torn or of another version
  'process', // a command ended with an exit code other than 0, or could not be started
  'timeout', // a wait passed its deadline
  'aborted', // the user or the platform asked us to stop
  'network', // no complete answer came: refused, reset, truncated, too large
  'registry', // the registry answered, and it is not usable
  'auth', // a login or a permission was refused
  'engine', // the Docker engine answered with an error
  'host', // the machine is not as it must be (disk, ports, state folder)
  'locked', // another rollout holds the lock
  'conflict', // a human changed what we would overwrite
  'unsupported', // this world can't do what was asked
] as const;

export type FaultCode = (typeof FAULT_CODES)[number];

export interface FaultDetail {
  /** File, line, URL, host: where to look. */
  readonly where?: string;
  readonly expected?: string;
  readonly found?: string;
  /** What the reader can do now. */
  readonly cure?: string;
  /** Plain facts for machines: command, exit code, status, last answer. Never a secret. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class Fault extends Error {
  readonly code: FaultCode;
  readonly detail: FaultDetail;

  constructor(code: FaultCode, what: string, detail: FaultDetail = {}) {
    super(what, detail.cause === undefined ? {} : { cause: detail.cause });
    this.name = 'Fault';
    this.code = code;
    this.detail = detail;
  }
}

/** The whole story of a fault as lines: what, where, expected, found, cure. */
export function tellFault(fault: Fault): string {
  const { where, expected, found, cure } = fault.detail;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['where', where],
    ['expected', expected],
    ['found', found],
    ['cure', cure],
  ];
  const told = rows.flatMap(([label, text]) => (text === undefined ? [] : [`  ${label.padEnd(8)}  ${text}`]));
  return [fault.message, ...told].join('\n');
}

/** A fault's code, or undefined for anything that is not a fault. */
export function faultCode(error: unknown): FaultCode | undefined {
  return error instanceof Fault ? error.code : undefined;
}

/** The words of any thrown value, for a cause line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
