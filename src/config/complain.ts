// How a finding of the configuration is made: a rule, a place in a file, and what is wrong there.
import type { Finding } from '../documents/findings.ts';
import { CONFIG_RULES, type ConfigRule } from './rules.ts';

/** Longer texts of a finding are cut: what is wrong shows at their beginning. */
const LONGEST_TEXT = 400;

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
  /** Where this breach breaks something else than its rule says. */
  readonly breaks?: Finding['breaks'];
}

/** A finding at a place, as severe as its rule. */
export function complain(rule: ConfigRule, at: Position, complaint: Complaint): Finding {
  const message = oneLine(complaint.message);
  const expected = complaint.expected === undefined ? undefined : oneLine(complaint.expected);
  const got = complaint.got === undefined ? undefined : oneLine(complaint.got);
  const { severity, breaks } = CONFIG_RULES[rule];
  return {
    rule,
    severity,
    breaks: complaint.breaks ?? breaks,
    file: at.file,
    line: at.line,
    endLine: at.line,
    column: at.column,
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
    cure: oneLine(complaint.cure),
  };
}

/** Parts of files stand in findings, and findings in logs where a line can be a command: they stay short and one line. */
function oneLine(text: string): string {
  const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
  return short.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' ? '\\n' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `compose.mainpc.yml:41`, the form in which sources are told. */
export function showPosition(at: Position): string {
  return `${at.file}:${at.line}`;
}
