// Strict reading of a health body: JSON that is exactly what was promised, no key more, none less, none twice.
import { isDeepStrictEqual } from 'node:util';

export type Comparison = { readonly kind: 'exact' } | { readonly kind: 'differs'; readonly reason: string };

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gu;

/** Compares a body with the promised value. Whitespace and the charset of the answer are free. */
export function compareBody(body: Uint8Array, contentType: string | undefined, exactly: unknown): Comparison {
  const text = decode(body, contentType);
  if (text === undefined) return differs('the body is not text in the charset it claims');
  const parsed = parse(text);
  if (parsed === undefined) return differs(`the body is not JSON: ${text.slice(0, 80)}`);
  const twice = duplicateKey(text);
  if (twice !== undefined) return differs(`the key ${twice} stands twice in the body`);
  if (isDeepStrictEqual(parsed.value, exactly)) return { kind: 'exact' };
  return differs(`expected exactly ${JSON.stringify(exactly)}, found ${JSON.stringify(parsed.value).slice(0, 200)}`);
}

function decode(body: Uint8Array, contentType: string | undefined): string | undefined {
  const charset = /charset="?([\w.:-]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset, { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** JSON.parse keeps the last of two equal keys, so that `{"status":"error","status":"ok"}` would pass. */
function duplicateKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  const tokens = json.match(TOKEN) ?? [];
  for (const [at, token] of tokens.entries()) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (tokens[at + 1] === ':') {
      const name = String(JSON.parse(token));
      if (open.at(-1)?.has(name) === true) return JSON.stringify(name);
      open.at(-1)?.add(name);
    }
  }
  return undefined;
}

function differs(reason: string): Comparison {
  return { kind: 'differs', reason };
}
