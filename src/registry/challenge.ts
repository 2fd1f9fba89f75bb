// Reads what a registry demands as login: the challenges of WWW-Authenticate (RFC 9110, section 11.6.1).

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const SEPARATORS = /[\s,]*/y;
const PARAMETER = /([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;
const SCHEME = /([\w!#$%&'*+.^`|~-]+)(?=[\s,]|$)/y;
/** Credentials in one word, as Negotiate has them. */
const TOKEN68 = /\s+[\w.~+/-]+=*\s*(?=,|$)/y;

/** Every challenge of the header, in its order; what can't be read ends the list. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  for (take(SEPARATORS); at < header.length; take(SEPARATORS)) {
    const parameter = take(PARAMETER);
    const current = challenges.at(-1);
    if (parameter !== null && current !== undefined) {
      const [, name = '', quoted, plain = ''] = parameter;
      current.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain;
      continue;
    }
    const scheme = take(SCHEME)?.[1];
    if (parameter !== null || scheme === undefined) break;
    challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
    take(TOKEN68);
  }
  return challenges;
}
