// The variables of a stage above those of the stages it is built on: nothing is copied, however many stages share them.

/** Names with their values; undefined for a name without one. A Map is one too. */
export interface Variables<V> extends Iterable<readonly [string, V | undefined]> {
  get(name: string): V | undefined;
  has(name: string): boolean;
}

export class Layer<V> implements Variables<V> {
  readonly #below: Variables<V> | undefined;
  readonly #own: Map<string, V | undefined>;

  constructor(below: Variables<V> | undefined, own: Iterable<readonly [string, V | undefined]> = []) {
    this.#below = below;
    this.#own = new Map(own);
  }

  get(name: string): V | undefined {
    return this.#own.has(name) ? this.#own.get(name) : this.#below?.get(name);
  }

  has(name: string): boolean {
    return this.#own.has(name) || this.#below?.has(name) === true;
  }

  set(name: string, value: V | undefined): void {
    this.#own.set(name, value);
  }

  /** The lowest layer first, so that a Map made of it holds what `get` gives. */
  *[Symbol.iterator](): Generator<readonly [string, V | undefined]> {
    if (this.#below !== undefined) yield* this.#below;
    yield* this.#own;
  }
}
