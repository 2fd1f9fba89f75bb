// Finds a circle among things that need one another.

/** The first circle found, its first member again at the end: [a, b, a]; undefined when there is none. */
export function findCycle(
  names: readonly string[],
  needs: (name: string) => readonly string[],
): readonly string[] | undefined {
  const cleared = new Set<string>();
  for (const name of names) {
    const found = follow(name, needs, [], cleared);
    if (found !== undefined) return found;
  }
  return undefined;
}

function follow(
  name: string,
  needs: (name: string) => readonly string[],
  path: readonly string[],
  cleared: Set<string>,
): readonly string[] | undefined {
  if (cleared.has(name)) return undefined;
  const seen = path.indexOf(name);
  if (seen !== -1) return [...path.slice(seen), name];
  for (const next of needs(name)) {
    const found = follow(next, needs, [...path, name], cleared);
    if (found !== undefined) return found;
  }
  cleared.add(name);
  return undefined;
}

/** Names so that each stands after all it needs; names outside the list are ignored. There must be no circle. */
export function inNeedOrder(names: readonly string[], needs: (name: string) => readonly string[]): readonly string[] {
  const wanted = new Set(names);
  const placed = new Set<string>();
  const visiting = new Set<string>();
  const place = (name: string): void => {
    if (!wanted.has(name) || placed.has(name) || visiting.has(name)) return;
    visiting.add(name);
    for (const need of needs(name)) place(need);
    placed.add(name);
  };
  for (const name of names) place(name);
  return [...placed];
}
