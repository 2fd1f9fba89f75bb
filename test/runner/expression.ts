// Expressions of actions, by GitHub's own lexer, parser and evaluator: `${{ }}` in texts, and conditions of steps.
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

export type JobStatus = 'success' | 'failure' | 'cancelled';

export interface Scope {
  /** `inputs`, `steps`, `github`, `runner`, `env`: plain values. */
  readonly contexts: Readonly<Record<string, unknown>>;
  readonly status: JobStatus;
}

const STATUS_FUNCTIONS: Readonly<Record<string, (status: JobStatus) => boolean>> = {
  always: () => true,
  success: (status) => status === 'success',
  failure: (status) => status === 'failure',
  cancelled: (status) => status === 'cancelled',
};

/** The text with every `${{ }}` in it put in. */
export function interpolate(text: string, scope: Scope): string {
  return text.replaceAll(/\$\{\{([\s\S]*?)\}\}/g, (_whole, expression: string) =>
    evaluate(expression, scope).coerceString(),
  );
}

/** A step's condition as the runner completes it: without a status function it also asks for success. */
export function conditionOf(written: string | undefined): string {
  const bare = (written ?? '')
    .trim()
    .replace(/^\$\{\{([\s\S]*)\}\}$/, '$1')
    .trim();
  if (bare === '') return 'success()';
  return /\b(always|success|failure|cancelled)\s*\(/i.test(bare) ? bare : `success() && (${bare})`;
}

export function holds(condition: string, scope: Scope): boolean {
  // Two negations make a truth value of anything, as the language itself does.
  return evaluate(`!!(${condition})`, scope).coerceString() === 'true';
}

function evaluate(expression: string, { contexts, status }: Scope): data.ExpressionData {
  const functions = Object.entries(STATUS_FUNCTIONS).map(([name, holdsIn]) => {
    return { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(holdsIn(status)) };
  });
  const known: unknown = JSON.parse(JSON.stringify(contexts), data.reviver);
  if (!(known instanceof data.Dictionary)) throw new Error('contexts are no dictionary');
  const { tokens } = new Lexer(expression).lex();
  const parsed = new Parser(tokens, Object.keys(contexts), functions).parse();
  return new Evaluator(parsed, known, new Map(functions.map((one) => [one.name, one]))).evaluate();
}
