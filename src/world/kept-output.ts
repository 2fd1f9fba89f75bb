// The end of what a process says: chunks as they come, the oldest dropped, since the end says why it failed.

export interface KeptOutput {
  add(chunk: string): void;
  text(): string;
}

/** Keeps `characters` of what was added last. */
export function keepEnd(characters: number): KeptOutput {
  let chunks: string[] = [];
  let size = 0;
  const shorten = (): void => {
    const end = chunks.join('').slice(-characters);
    chunks = [end];
    size = end.length;
  };
  return {
    add: (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      // At twice the size, and not with every chunk: joining copies all that is kept.
      if (size > 2 * characters) shorten();
    },
    text: () => chunks.join('').slice(-characters),
  };
}
