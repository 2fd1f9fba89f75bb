// The effective configuration of a service as one hash: what Compose makes of it, and the files it mounts.
import { createHmac } from 'node:crypto';
import { ROLLOUT_LABELS } from './container.ts';

export interface EffectiveInput {
  /** The service as Compose rendered it, environment files taken in. Its values may be secrets. */
  readonly rendered: Readonly<Record<string, unknown>>;
  /** SHA-256 of each mounted configuration file, by path. */
  readonly mounted: Readonly<Record<string, string>>;
  /** Of this host alone, so that nobody can guess a secret by its hash. */
  readonly key: string;
}

/** What differs without the service being another one: the image is compared by digest, its order by no one. */
const NOT_CONFIGURATION = ['image', 'build', 'depends_on', 'pull_policy', 'scale'];
const OWN_LABELS: readonly string[] = Object.values(ROLLOUT_LABELS);

export function effectiveHash({ rendered, mounted, key }: EffectiveInput): string {
  const kept = Object.entries(rendered).filter(([name]) => !NOT_CONFIGURATION.includes(name));
  const service = Object.fromEntries(
    kept.map(([name, value]) => [name, name === 'labels' ? foreignLabels(value) : value]),
  );
  return createHmac('sha256', key).update(canonical({ service, mounted })).digest('hex');
}

/** JSON with sorted keys, so that two renderings of the same thing are the same text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
}

function foreignLabels(labels: unknown): unknown {
  if (typeof labels !== 'object' || labels === null) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !OWN_LABELS.includes(name)));
}
