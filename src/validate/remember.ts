// Facts that several rules ask of one subject are worked out once.

/** The function with its answers kept for as long as their subjects live. */
export function remember<K extends object, V>(compute: (subject: K) => V): (subject: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (subject) => {
    const found = known.get(subject);
    if (found !== undefined) return found.value;
    const value = compute(subject);
    known.set(subject, { value });
    return value;
  };
}
