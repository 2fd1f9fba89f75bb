// How a finding of the configuration is made: a rule, a place in a file, and what is wrong there.
import type { Finding } from '../documents/findings.ts';
import { CONFIG_RULES, type ConfigRule } from './rules.ts';

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
}

/** A finding at a place, as severe as its rule; an error would break the build. */
export function complain(rule: ConfigRule, at: Position, complaint: Complaint): Finding {
  const { message, expected, got, cure } = complaint;
  const { severity } = CONFIG_RULES[rule];
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
