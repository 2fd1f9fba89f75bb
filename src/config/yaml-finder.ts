// Where in a YAML document a value or a key stands, through aliases and merged maps.
import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair, type YAMLMap } from 'yaml';

export type YamlPath = readonly (string | number)[];

export const MERGE_KEY = '<<';
/** Maps merged into merged maps; more is a circle. */
const DEEPEST_MERGE = 50;

/** Finds nodes by path. Maps are indexed once, so that a file with many keys is not searched again for each. */
export class YamlFinder {
  readonly #document: Document;
  readonly #pairs = new WeakMap<Node, ReadonlyMap<string, Pair<Node, Node>>>();
  readonly #targets = new WeakMap<Node, Node>();

  constructor(document: Document) {
    this.#document = document;
  }

  /** The node at a path, else its nearest ancestor that is there. */
  nearest(path: YamlPath): Node | null {
    let node: Node | null = this.#document.contents;
    for (const step of path) {
      const next = this.#child(node, step);
      if (next === undefined) return node;
      node = next;
    }
    return node;
  }

  keyOffset(path: YamlPath, key: string): number | undefined {
    return this.#pair(this.nearest(path), key)?.key.range?.[0];
  }

  #child(node: Node | null, step: string | number): Node | undefined {
    const found = isSeq<Node>(node) ? node.items[Number(step)] : this.#pair(node, String(step))?.value;
    return found === undefined || found === null ? undefined : this.#meant(found);
  }

  /** The pair of a key in a map, or in a map merged into it. */
  #pair(node: Node | null, key: string, depth = 0): Pair<Node, Node> | undefined {
    if (!isMap<Node, Node>(node) || depth > DEEPEST_MERGE) return undefined;
    const own = this.#index(node).get(key);
    const merged = this.#index(node).get(MERGE_KEY)?.value;
    if (own !== undefined || merged === undefined || merged === null) return own;
    for (const source of isSeq<Node>(merged) ? merged.items : [merged]) {
      const found = this.#pair(this.#meant(source) ?? null, key, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #index(map: YAMLMap<Node, Node>): ReadonlyMap<string, Pair<Node, Node>> {
    const known = this.#pairs.get(map);
    if (known !== undefined) return known;
    const made = new Map(map.items.flatMap((pair) => (isScalar(pair.key) ? [[keyText(pair.key.value), pair]] : [])));
    this.#pairs.set(map, made);
    return made;
  }

  /** What an alias stands for. */
  #meant(node: Node): Node | undefined {
    if (!isAlias(node)) return node;
    const known = this.#targets.get(node);
    if (known !== undefined) return known;
    const target = node.resolve(this.#document);
    if (target !== undefined) this.#targets.set(node, target);
    return target;
  }
}

/** The parser gives a merge key as a symbol. */
export function keyText(value: unknown): string {
  return typeof value === 'symbol' ? (value.description ?? '') : String(value);
}

export function offsetOf(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0;
}
