// Ignores in comments: read, judged, and applied to the findings.
import type { Finding } from '../documents/findings.ts';
import type { Dockerfile } from '../images/dockerfile.ts';

export interface Directive {
  readonly file: string;
  readonly line: number;
  readonly rules: readonly string[];
  /** `2026-12-31`, the last day on which it holds. */
  readonly until: string | undefined;
  readonly reason: string | undefined;
  /** Lines it holds for. */
  readonly from: number;
  readonly to: number;
}

const DIRECTIVE = /^\s*rollout-action\s+ignore\b(.*)$/;
const WHOLE_FILE = Number.MAX_SAFE_INTEGER;

/** Above the first instruction a directive holds for the file, elsewhere for the stage it stands in or right above. */
export function directivesOf(file: string, dockerfile: Dockerfile): readonly Directive[] {
  const [firstInstruction] = dockerfile.instructions;
  return dockerfile.comments.flatMap(({ text, line }) => {
    const body = DIRECTIVE.exec(text)?.[1];
    if (body === undefined) return [];
    const read = { file, line, ...readBody(body) };
    if (firstInstruction === undefined || line < firstInstruction.line) return [{ ...read, from: 1, to: WHOLE_FILE }];
    const next = dockerfile.instructions.find((instruction) => instruction.line > line);
    const stage =
      next?.keyword === 'FROM' ? next.stage : dockerfile.instructions.findLast((one) => one.line < line)?.stage;
    const found = stage === undefined ? undefined : dockerfile.stages[stage];
    return [{ ...read, from: Math.min(line, found?.line ?? line), to: found?.endLine ?? WHOLE_FILE }];
  });
}

/** In a file of plain `#` comments a directive holds for the file. */
export function plainDirectives(file: string, text: string): readonly Directive[] {
  if (!text.includes('rollout-action')) return [];
  return text.split('\n').flatMap((row, index) => {
    const body = DIRECTIVE.exec(/^\s*#(.*)$/.exec(row)?.[1] ?? '')?.[1];
    return body === undefined ? [] : [{ file, line: index + 1, ...readBody(body), from: 1, to: WHOLE_FILE }];
  });
}

export interface Applying {
  readonly findings: readonly Finding[];
  readonly directives: readonly Directive[];
  /** `2026-11-23`. */
  readonly today: string;
  readonly known: ReadonlySet<string>;
}

/** The findings that are left, with one RA001 for every ignore that is not honest. */
export function applyDirectives({ findings, directives, today, known }: Applying): readonly Finding[] {
  const used = new Set<Directive>();
  const valid = directives.filter((directive) => faultOf(directive, today, known) === undefined);
  const left = findings.filter((finding) => {
    const ignoring = valid.filter((directive) => covers(directive, finding));
    for (const directive of ignoring) used.add(directive);
    return ignoring.length === 0;
  });
  const complaints = directives.flatMap((directive) => {
    const fault = faultOf(directive, today, known) ?? (used.has(directive) ? undefined : UNUSED);
    return fault === undefined ? [] : [complain(directive, fault)];
  });
  return [...left, ...complaints];
}

interface Complaint {
  readonly message: string;
  readonly cure: string;
}

const UNUSED: Complaint = { message: 'this ignore hides nothing', cure: 'remove it' };

function faultOf(
  { rules, reason, until }: Directive,
  today: string,
  known: ReadonlySet<string>,
): Complaint | undefined {
  if (rules.length === 0)
    return { message: 'this ignore names no rule', cure: 'write ignore=RA202, or several with commas' };
  const stranger = rules.find((rule) => !known.has(rule));
  if (stranger !== undefined)
    return {
      message: `there is no rule ${stranger} that can be ignored`,
      cure: 'write the number as the finding shows it',
    };
  if (reason === undefined || reason.trim() === '')
    return { message: 'this ignore gives no reason, so it does not ignore', cure: 'add reason="…"' };
  if (until === undefined) return undefined;
  if (!isDay(until))
    return { message: `until=${until} is no day, so it does not ignore`, cure: 'write until=2026-12-31' };
  return until < today
    ? { message: `this ignore ended on ${until}`, cure: 'mend what it hides, or give it a new day' }
    : undefined;
}

function isDay(text: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)
  );
}

function covers(directive: Directive, finding: Finding): boolean {
  const inPlace = directive.file === finding.file && finding.line >= directive.from && finding.line <= directive.to;
  return inPlace && directive.rules.includes(finding.rule);
}

function complain({ file, line }: Directive, { message, cure }: Complaint): Finding {
  return { rule: 'RA001', severity: 'warning', breaks: 'policy', file, line, endLine: line, column: 1, message, cure };
}

function readBody(body: string): Pick<Directive, 'rules' | 'until' | 'reason'> {
  const reason = /\breason=(?:"([^"]*)"|(\S+))/.exec(body);
  const rest = body.replace(/\breason=(?:"[^"]*"|\S+)/, '');
  const rules = /^=([\w,]*)/.exec(rest.trim())?.[1] ?? '';
  return {
    rules: rules.split(',').flatMap((rule) => (rule === '' ? [] : [rule.toUpperCase()])),
    until: /\buntil=(\S+)/.exec(rest)?.[1],
    reason: reason?.[1] ?? reason?.[2],
  };
}
