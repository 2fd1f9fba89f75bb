// The rules of rollout.yml and of what is derived from it: one line per rule, and how a finding is made.
import type { Finding } from '../documents/findings.ts';

export const CONFIG_RULES = {
  RC001: 'no unknown key',
  RC002: 'every value has the type and the form it must have, and required keys are there',
  RC003: 'no cycle among images or in the order of services',
  RC004: 'every machine named is a machine of the file',
  RC005: 'no two services hold one port of a machine',
  RC006: 'a derived value has one candidate',
  RC007: 'every file named is there',
  RC008: 'every service named is in the compose file of its machines',
  RC009: 'the file is YAML, each key once',
  RC010: 'what is read from a compose file can be known without the host',
  RC011: 'the Dockerfile of an image is one',
  RC012: 'what is written is used as it stands',
} as const;

export type ConfigRule = keyof typeof CONFIG_RULES;

/** A place in a file of the repository; lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Complaint {
  readonly message: string;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  readonly cure: string;
  readonly severity?: Finding['severity'];
}

/** A finding at a place; an error that would break the build unless said otherwise. */
export function complain(rule: ConfigRule, at: Position, complaint: Complaint): Finding {
  const { message, expected, got, cure, severity = 'error' } = complaint;
  return {
    rule,
    severity,
    breaks: severity === 'error' ? 'build' : 'policy',
    file: at.file,
    line: at.line,
    endLine: at.line,
    column: at.column,
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
    cure,
  };
}

/** `compose.mainpc.yml:41`, the form in which sources are told. */
export function showPosition(at: Position): string {
  return `${at.file}:${at.line}`;
}
