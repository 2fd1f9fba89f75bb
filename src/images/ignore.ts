// Which files .dockerignore keeps out of a build context, exactly as BuildKit's walk over the context decides it.
import { posix } from 'node:path';

/** True for a path (relative to the context, `/` between names) that is not sent to the builder. */
export type Ignore = (path: string) => boolean;

export interface IgnorePattern {
  readonly line: number;
  /** Cleaned, without the `!`. */
  readonly pattern: string;
  /** Begins with `!`: brings files back. */
  readonly exception: boolean;
  /** Undefined when Docker refuses the pattern, and with it the whole build, or when it is longer than any path. */
  readonly matches: Ignore | undefined;
}

/** No path is longer on Linux. */
export const LONGEST_PATTERN = 4096;

/** The rule of a .dockerignore's text; patterns that Docker refuses match nothing here, ignorePatterns names them. */
export function parseIgnore(text: string): Ignore {
  return ignoreBy(ignorePatterns(text));
}

/** The names under which the ignore file of a build is looked for; the first that exists is the only one that counts. */
export function ignoreFilesOf(dockerfile: string, context: string): readonly [string, string] {
  return [`${dockerfile}.dockerignore`, posix.join(context, '.dockerignore')];
}

/** The patterns in order. A `#` begins a comment only in the first column. */
export function ignorePatterns(text: string): readonly IgnorePattern[] {
  const rows = text.replace(/^\uFEFF/, '').split('\n');
  return rows.flatMap((row, index) => {
    const written = row.trim();
    if (row.startsWith('#') || written === '') return [];
    const exception = written.startsWith('!');
    const bare = exception ? written.slice(1).trim() : written;
    if (bare.length > LONGEST_PATTERN) return [{ line: index + 1, pattern: bare, exception, matches: undefined }];
    const pattern = clean(bare);
    return [{ line: index + 1, pattern, exception, matches: compile(pattern) }];
  });
}

/**
 * The last pattern that matches wins; a match on a folder holds for all that lies in it. As in BuildKit's walk, a pattern that
 * was not asked about the folder (an exception where nothing was ignored yet) is not taken to hold for what lies in it.
 */
export function ignoreBy(patterns: readonly IgnorePattern[]): Ignore {
  const known = new Map<string, Verdict>();
  const verdictOn = (path: string): Verdict => {
    const parent = posix.dirname(path);
    const above = parent === '.' ? undefined : (known.get(parent) ?? remember(parent));
    return judge(patterns, path, above);
  };
  // Only folders are kept: each is asked for by everything in it.
  const remember = (folder: string): Verdict => {
    const verdict = verdictOn(folder);
    known.set(folder, verdict);
    return verdict;
  };
  return (path) => {
    const cleaned = clean(path);
    return cleaned !== '' && cleaned !== '.' && cleaned !== '/' && verdictOn(cleaned).ignored;
  };
}

interface Verdict {
  readonly ignored: boolean;
  /** Pattern by pattern: it matched this path or a folder above. */
  readonly matched: readonly boolean[];
}

function judge(patterns: readonly IgnorePattern[], path: string, above: Verdict | undefined): Verdict {
  let ignored = false;
  const matched = patterns.map(({ exception, matches }, index) => {
    const inherited = above?.matched[index] === true;
    if (!inherited && exception !== ignored) return false;
    const match = inherited || matches?.(path) === true;
    if (match) ignored = !exception;
    return match;
  });
  return { ignored, matched };
}

function clean(pattern: string): string {
  if (pattern === '') return '';
  const cleaned = posix.normalize(pattern).replace(/(?<=.)\/$/, '');
  return cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned;
}

type Token =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'any' } // ?
  | { readonly kind: 'star' } // * : within one name
  | { readonly kind: 'folders' } // **/ : any folders, or none
  | { readonly kind: 'rest' } // ** at the end
  | { readonly kind: 'class'; readonly one: RegExp };

function compile(pattern: string): Ignore | undefined {
  if (pattern === '') return undefined;
  // A leading ** with nothing special behind it is a plain comparison of endings: `**foo` matches `xfoo`.
  const ending = pattern.startsWith('**') && !/[*?[\]\\]/.test(pattern.slice(2)) ? pattern.slice(2) : undefined;
  if (ending !== undefined) return (path) => path.endsWith(ending) || path === ending.replace(/^\//, '');
  const tokens = tokenize(pattern);
  return tokens === undefined ? undefined : (path) => matchTokens(tokens, path);
}

function tokenize(pattern: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  while (at < pattern.length) {
    const step = readToken(pattern, at);
    if (step === undefined) return undefined;
    tokens.push(step.token);
    at = step.end;
  }
  return tokens;
}

function readToken(pattern: string, at: number): { token: Token; end: number } | undefined {
  const char = pattern.charAt(at);
  if (char === '*') return readStar(pattern, at);
  if (char === '?') return { token: { kind: 'any' }, end: at + 1 };
  if (char === '[') return readClass(pattern, at);
  // A backslash at the very end is one that Docker refuses.
  if (char !== '\\') return { token: { kind: 'char', char }, end: at + 1 };
  return at + 1 === pattern.length ? undefined : { token: { kind: 'char', char: pattern.charAt(at + 1) }, end: at + 2 };
}

function readStar(pattern: string, at: number): { token: Token; end: number } {
  if (pattern.charAt(at + 1) !== '*') return { token: { kind: 'star' }, end: at + 1 };
  const end = pattern.charAt(at + 2) === '/' ? at + 3 : at + 2;
  return { token: { kind: end >= pattern.length ? 'rest' : 'folders' }, end };
}

function readClass(pattern: string, at: number): { token: Token; end: number } | undefined {
  const close = pattern.indexOf(']', at + 1);
  // Docker takes an empty class for a broken pattern.
  if (close < 0 || /^\[\^?\]/.test(pattern.slice(at))) return undefined;
  try {
    const one = new RegExp(`^${pattern.slice(at, close + 1)}$`);
    return { token: { kind: 'class', one }, end: close + 1 };
  } catch {
    return undefined;
  }
}

/** Follows all ways through the tokens at once, so that no pattern takes more than tokens × characters steps. */
function matchTokens(tokens: readonly Token[], path: string): boolean {
  let places = new Set([0]);
  for (const token of tokens) {
    places = advance(token, places, path);
    if (places.size === 0) return false;
  }
  return places.has(path.length);
}

function advance(token: Token, places: ReadonlySet<number>, path: string): Set<number> {
  switch (token.kind) {
    case 'rest':
      return new Set([path.length]);
    case 'folders': {
      const first = Math.min(...places);
      const behind = [...path].flatMap((char, at) => (char === '/' && at >= first ? [at + 1] : []));
      return new Set([...places, ...behind]);
    }
    case 'star':
      return spread(places, path);
    default:
      return new Set([...places].filter((at) => at < path.length && fits(token, path.charAt(at))).map((at) => at + 1));
  }
}

function spread(places: ReadonlySet<number>, path: string): Set<number> {
  const reached = new Set(places);
  // A set is walked in the order of insertion, so what is added here is visited too.
  for (const at of reached) if (at < path.length && path.charAt(at) !== '/') reached.add(at + 1);
  return reached;
}

function fits(token: Extract<Token, { kind: 'char' | 'any' | 'class' }>, char: string): boolean {
  switch (token.kind) {
    case 'char':
      return token.char === char;
    case 'any':
      return char !== '/';
    case 'class':
      return token.one.test(char);
  }
}
