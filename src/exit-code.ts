// The one table of exit codes, the same for all verbs.
import { faultCode } from './fault.ts';

export const EXIT = {
  done: 0,
  /** A finding or a check failed. */
  failed: 1,
  /** A fault: the verb could not do its work. */
  fault: 2,
  /** The answer could not be had; nothing is said to be wrong. */
  unknown: 3,
  rolledBack: 4,
  degraded: 5,
  aborted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code of a thrown value. */
export function exitCodeOf(error: unknown): ExitCode {
  switch (faultCode(error)) {
    case 'aborted':
      return EXIT.aborted;
    case 'findings':
      return EXIT.failed;
    default:
      return EXIT.fault;
  }
}
