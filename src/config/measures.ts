// Durations and sizes as people write them in rollout.yml and compose files: 250ms, 1m30s, 40GiB.

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

export const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
export const SIZE = /^\d+(?:\.\d+)?(?:B|[KMGT]B|[KMGT]iB)$/;

/** Milliseconds of `5m`, `250ms`, `1m30s`; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  const sum = parts.reduce((total, [, count, unit]) => total + Number(count) * (DURATION_UNITS[unit ?? ''] ?? 0), 0);
  return Math.round(sum);
}

/** Bytes of `40GiB`, `500MB`; undefined when it is no size. */
export function parseSize(text: string): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?)([KMGT]?i?B)$/.exec(text) ?? [];
  const factor = SIZE_UNITS[unit ?? ''];
  return count === undefined || factor === undefined ? undefined : Math.round(Number(count) * factor);
}

/** The shortest exact text of a duration: `5m`, `1m30s`, `250ms`. */
export function showDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = ms;
  const parts = Object.entries(DURATION_UNITS)
    .toReversed()
    .map(([unit, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count === 0 ? '' : `${count}${unit}`;
    });
  return parts.join('');
}

/** Bytes in the largest binary unit that shows them exactly, else in bytes. */
export function showSize(bytes: number): string {
  const exact = (['TiB', 'GiB', 'MiB', 'KiB'] as const).find(
    (unit) => bytes > 0 && bytes % (SIZE_UNITS[unit] ?? 1) === 0,
  );
  return exact === undefined ? `${bytes}B` : `${bytes / (SIZE_UNITS[exact] ?? 1)}${exact}`;
}
