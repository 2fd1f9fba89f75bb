// A YAML file with the place of every key and value, so that each error can name its line and column.
import { isAlias, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { Finding } from '../documents/findings.ts';
import { complain, type Complaint, type Position } from './complain.ts';
import { keyText, MERGE_KEY, offsetOf, YamlFinder, type YamlPath } from './yaml-finder.ts';
import { ENDLESS, LOOSE_ALIAS, TWICE, wordsFor } from './yaml-words.ts';

export type { YamlPath } from './yaml-finder.ts';

export interface YamlFile {
  readonly file: string;
  readonly value: unknown;
  /** The file's own errors: broken YAML, a key twice. With any of these `value` must not be used. */
  readonly findings: readonly Finding[];
  /** The place of the value at a path, else of its nearest ancestor that is there. */
  at(path: YamlPath): Position;
  /** The place of a key inside the map at a path. */
  atKey(path: YamlPath, key: string): Position;
}

/** Parses YAML 1.2 with anchors and merge keys, as Compose reads it. */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  // The parser compares every key with every other; keys that stand twice are looked for below, in one pass.
  const options = {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  } as const;
  const document = parseDocument(text, options);
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const findings = brokenLines(document).map(({ offset, ...complaint }) => complain('RC009', place(offset), complaint));
  const plain = findings.length > 0 ? undefined : plainValue(document);
  const unresolved = plain?.kind === 'broken' ? [complain('RC009', place(0), plain.complaint)] : [];
  const finder = new YamlFinder(document);
  const atPath = (path: YamlPath): Position => place(offsetOf(finder.nearest(path)));
  return {
    file,
    findings: [...findings, ...unresolved],
    value: plain?.kind === 'made' ? plain.value : undefined,
    at: atPath,
    atKey: (path, key) => {
      const offset = finder.keyOffset(path, key);
      return offset === undefined ? atPath(path) : place(offset);
    },
  };
}

interface BrokenLine extends Complaint {
  readonly offset: number;
}

/** What the parser found, else what it does not look for: keys that stand twice and aliases without an anchor. */
function brokenLines(document: Document): readonly BrokenLine[] {
  const { errors } = document;
  // When the stack of the parser was exhausted, all that comes after is noise.
  const exhausted = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  if (errors.length === 0) return [...repeatedKeys(document), ...looseAliases(document)];
  return (exhausted === undefined ? errors : [exhausted]).map(({ code, message, pos }) => ({
    offset: pos[0],
    ...wordsFor(code, message),
  }));
}

function repeatedKeys(document: Document): readonly BrokenLine[] {
  const found: BrokenLine[] = [];
  visit(document, {
    Map: (_key, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || keyText(key.value) === MERGE_KEY) continue;
        if (seen.has(key.value)) found.push({ offset: offsetOf(key), ...TWICE });
        seen.add(key.value);
      }
    },
  });
  return found;
}

function looseAliases(document: Document): readonly BrokenLine[] {
  const anchors = new Set<string>();
  const found: BrokenLine[] = [];
  visit(document, {
    // An alias reaches only what stands before it.
    Node: (_key, node) => {
      if (isAlias(node) && !anchors.has(node.source)) found.push({ offset: offsetOf(node), ...LOOSE_ALIAS });
      if (!isAlias(node) && node.anchor !== undefined) anchors.add(node.anchor);
    },
  });
  return found;
}

type Plain =
  { readonly kind: 'made'; readonly value: unknown } | { readonly kind: 'broken'; readonly complaint: Complaint };

/** Aliases that unfold without end show only when the values are made. */
function plainValue(document: Document): Plain {
  try {
    return { kind: 'made', value: document.toJS() };
  } catch {
    return { kind: 'broken', complaint: ENDLESS };
  }
}
