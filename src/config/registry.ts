// The registry of a fleet: `ghcr.io/acme/fleet`, under which every image has its name.
import { Fault } from '../fault.ts';
import { parseName } from '../images/reference.ts';
import type { Registry } from './images.ts';
import type { Sheet } from './sheet.ts';

const EXAMPLE = 'ghcr.io/acme/fleet';
/** A name or an address with an optional port; https://github.com/distribution/reference */
const HOST =
  /^(?:\[[0-9a-fA-F:]+\]|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::\d{1,5})?$/;

/**
 * The registry of rollout.yml and the one that is pushed to; undefined, with a finding, where nobody can tell which is
 * meant: every service would seem to lie outside of it. An override that can not be one is a Fault `usage`.
 */
export function deriveRegistry(sheet: Sheet, override: string | undefined): Registry | undefined {
  const written = registryOfFile(sheet);
  if (written === undefined) return undefined;
  const pushed = override === undefined ? written : registryOfFlag(override);
  sheet.from('registry', pushed, override === undefined ? sheet.place(['registry']) : '--registry');
  return { written, pushed };
}

function registryOfFile(sheet: Sheet): string | undefined {
  const asWritten = sheet.reading.rollout.registry;
  const at = sheet.reading.yaml.at(['registry']);
  const read = readRegistry(asWritten);
  if (read.kind === 'broken') {
    const { expected, meant } = read;
    const cure = `write it like this: registry: ${meant ?? EXAMPLE}`;
    sheet.complain('RC002', at, { message: 'the value of registry can not be used', expected, got: asWritten, cure });
    return meant;
  }
  if (read.lowered) {
    sheet.complain('RC012', at, {
      message: 'the registry is written in lower case, as registries want it',
      expected: read.registry,
      got: asWritten,
      cure: `write registry: ${read.registry}`,
    });
  }
  return read.registry;
}

type ReadRegistry =
  | { readonly kind: 'read'; readonly registry: string; readonly lowered: boolean }
  | { readonly kind: 'broken'; readonly expected: string; readonly meant: string | undefined };

/** In lower case and without slashes at its end. */
function readRegistry(text: string): ReadRegistry {
  const trimmed = text.replace(/\/+$/, '');
  const registry = trimmed.toLowerCase();
  const [scheme] = /^[a-z][a-z0-9+.-]*:\/\//.exec(registry) ?? [];
  if (scheme !== undefined) {
    const bare = registry.slice(scheme.length);
    const meant = isRegistry(bare) ? bare : undefined;
    return { kind: 'broken', expected: `a registry without ${scheme}, such as ${EXAMPLE}`, meant };
  }
  if (isRegistry(registry)) return { kind: 'read', registry, lowered: registry !== trimmed };
  const expected = 'a host and a path of letters, digits, . _ and -, without a tag';
  return { kind: 'broken', expected, meant: undefined };
}

/** Whether an image under it would have a name that registries know. */
function isRegistry(text: string): boolean {
  try {
    return HOST.test(parseName(`${text}/name`).host);
  } catch {
    return false;
  }
}

function registryOfFlag(text: string): string {
  const read = readRegistry(text);
  if (read.kind === 'read') return read.registry;
  throw new Fault('usage', `--registry ${JSON.stringify(text)} can not be a registry`, {
    expected: read.expected,
    found: text,
    cure: `write it like this: --registry ${read.meant ?? EXAMPLE}`,
  });
}
