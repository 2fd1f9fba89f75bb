// A YAML file with the place of every key and value, so that each error can name its line and column.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml';
import type { Finding } from '../documents/findings.ts';
import { messageOf } from '../fault.ts';
import { complain, type Position } from './complain.ts';

export type YamlPath = readonly (string | number)[];

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

const MERGE_KEY = '<<';

/** Parses YAML 1.2 with anchors and merge keys, as Compose reads it. */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const plain = document.errors.length > 0 ? { value: undefined, error: undefined } : plainValue(document);
  const broken = document.errors.map((error) => complain('RC009', place(error.pos[0]), brokenYaml(error)));
  const unresolved =
    plain.error === undefined ? [] : [complain('RC009', place(0), brokenYaml({ code: 'ALIAS', message: plain.error }))];
  return {
    file,
    findings: [...broken, ...unresolved],
    value: plain.value,
    at: (path) => place(offsetOf(nearest(document, path))),
    atKey: (path, key) =>
      place(offsetOf(pairOf(document, nearest(document, path), key)?.key) || offsetOf(nearest(document, path))),
  };
}

/** An alias without its anchor, or one that unfolds without end, shows only when the values are made. */
function plainValue(document: Document): { readonly value: unknown; readonly error: string | undefined } {
  try {
    return { value: document.toJS(), error: undefined };
  } catch (error) {
    return { value: undefined, error: messageOf(error) };
  }
}

function brokenYaml(error: { readonly code: string; readonly message: string }): { message: string; cure: string } {
  const twice = error.code === 'DUPLICATE_KEY';
  return {
    message: twice ? 'this key stands here a second time' : `this is not YAML: ${error.message}`,
    cure: twice ? 'keep one of the two' : 'mend the line named; the lines below it may be fine',
  };
}

function nearest(document: Document, path: YamlPath): Node | null {
  let node: Node | null = document.contents;
  for (const step of path) {
    const next = childOf(document, node, step);
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

function childOf(document: Document, node: Node | null, step: string | number): Node | undefined {
  const found = isSeq<Node>(node) ? node.items[Number(step)] : pairOf(document, node, step)?.value;
  return found === undefined || found === null ? undefined : meant(document, found);
}

/** The pair of a key in a map, or in a map merged into it. */
function pairOf(document: Document, node: Node | null, key: string | number): Pair<Node, Node> | undefined {
  if (!isMap<Node, Node>(node)) return undefined;
  const named = (name: string): Pair<Node, Node> | undefined =>
    node.items.find((pair) => isScalar(pair.key) && keyText(pair.key.value) === name);
  const own = named(String(key));
  const merged = named(MERGE_KEY)?.value;
  if (own !== undefined || merged === undefined || merged === null) return own;
  const sources = isSeq<Node>(merged) ? merged.items : [merged];
  for (const source of sources) {
    const found = pairOf(document, meant(document, source) ?? null, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The parser gives a merge key as a symbol. */
function keyText(value: unknown): string {
  return typeof value === 'symbol' ? (value.description ?? '') : String(value);
}

/** What an alias stands for. */
function meant(document: Document, node: Node): Node | undefined {
  return isAlias(node) ? node.resolve(document) : node;
}

function offsetOf(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0;
}
