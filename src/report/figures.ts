// How figures are written for people: durations, sizes, digests, counts.

/** `929 ms`, `1.2 s`, `5 min 3 s`. */
export function showDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${trimmed(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  const rest = seconds % 60;
  return rest === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${rest} s`;
}

/** `71.4 MB`: decimal units, as registries bill them. */
export function showBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${trimmed(bytes / 1_000 ** power)} ${units[power] ?? ''}`;
}

/** The first 12 digits, enough to find it. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** `1 image`, `24 images`. */
export function count(n: number, noun: string): string {
  return `${showNumber(n)} ${noun}${n === 1 ? '' : 's'}`;
}

export function showNumber(n: number): string {
  return n.toLocaleString('en-US');
}

/** `21:06:18` of an ISO 8601 time in UTC. */
export function clockTime(iso: string): string {
  return iso.slice(11, 19);
}

export function millisecondsBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}

function trimmed(n: number): string {
  return n.toFixed(1).replace(/\.0$/, '');
}
