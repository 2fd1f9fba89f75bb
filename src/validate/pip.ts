// What a call of pip or uv will do: install or make wheels, from which locks, with which demands.
import type { Call } from './shell.ts';
import { programName } from './shell.ts';
import type { Step } from './steps.ts';

export interface Install {
  readonly tool: 'pip' | 'uv';
  readonly action: 'install' | 'wheel' | 'download';
  /** Files named by -r. */
  readonly locks: readonly string[];
  /** Packages, paths and URLs named on the command line. */
  readonly packages: readonly string[];
  readonly editable: boolean;
  readonly noIndex: boolean;
  /** Where wheels are looked for. */
  readonly findLinks: readonly string[];
  readonly requireHashes: boolean;
  /** Where `pip wheel` and `pip download` write. */
  readonly destination: string | undefined;
  /** Goes somewhere that needs no root: --target, --user, --prefix, --root, --python of a venv. */
  readonly elsewhere: boolean;
}

const WITH_VALUE = new Set([
  ...[
    '-r',
    '--requirement',
    '-c',
    '--constraint',
    '-f',
    '--find-links',
    '-i',
    '--index-url',
    '--extra-index-url',
    '-w',
  ],
  ...[
    '--wheel-dir',
    '-d',
    '--dest',
    '-t',
    '--target',
    '--prefix',
    '--root',
    '-e',
    '--editable',
    '--trusted-host',
    '--platform',
  ],
  ...[
    '--python-version',
    '--implementation',
    '--abi',
    '--only-binary',
    '--no-binary',
    '--progress-bar',
    '--timeout',
    '--retries',
  ],
  ...[
    '--cache-dir',
    '--src',
    '--upgrade-strategy',
    '--config-settings',
    '-C',
    '--global-option',
    '--python',
    '-p',
    '--proxy',
    '--cert',
  ],
  ...['--log', '--report', '--use-feature', '--build', '-b', '--index-strategy', '--index', '--default-index'],
]);

/** Reads a call; undefined when it is no install. */
export function installOf(call: Call, environment: Step['environment']): Install | undefined {
  const found = pipArguments(call);
  if (found === undefined) return undefined;
  const { tool, rest } = found;
  const { values, words } = readArguments(rest);
  const [action, ...packages] = words;
  if (action !== 'install' && action !== 'wheel' && action !== 'download') return undefined;
  const all = (...names: string[]): readonly string[] => names.flatMap((name) => values.get(name) ?? []);
  const has = (...names: string[]): boolean => names.some((name) => values.has(name));
  return {
    tool,
    action,
    packages,
    locks: all('-r', '--requirement'),
    editable: has('-e', '--editable'),
    noIndex: has('--no-index') || isOn(environment.PIP_NO_INDEX),
    findLinks: [...all('-f', '--find-links'), ...(environment.PIP_FIND_LINKS?.split(/\s+/) ?? [])],
    requireHashes: has('--require-hashes') || isOn(environment.PIP_REQUIRE_HASHES),
    destination: all('-w', '--wheel-dir', '-d', '--dest').at(-1),
    elsewhere:
      has('-t', '--target', '--user', '--prefix', '--root', '--dry-run') ||
      Boolean(environment.PIP_TARGET ?? environment.PIP_PREFIX ?? environment.PIP_USER),
  };
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(1|true|yes|on)$/i.test(value);
}

function pipArguments(call: Call): { tool: Install['tool']; rest: readonly string[] } | undefined {
  const name = programName(call);
  if (/^pip[\d.]*$/.test(name)) return { tool: 'pip', rest: call.arguments };
  const [first, second] = call.arguments;
  if (name === 'uv' && first === 'pip') return { tool: 'uv', rest: call.arguments.slice(1) };
  if (!/^python[\d.]*$/.test(name)) return undefined;
  const module = call.arguments.indexOf('-m');
  const isPip =
    module >= 0 && call.arguments[module + 1] === 'pip' && (module === 0 || first?.startsWith('-') === true);
  return isPip && second !== undefined ? { tool: 'pip', rest: call.arguments.slice(module + 2) } : undefined;
}

function readArguments(words: readonly string[]): {
  values: ReadonlyMap<string, readonly string[]>;
  words: readonly string[];
} {
  const values = new Map<string, string[]>();
  const plain: string[] = [];
  const add = (name: string, value: string): void => void values.set(name, [...(values.get(name) ?? []), value]);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const [, long, inline] = /^(--[\w-]+)=([\s\S]*)$/.exec(word) ?? [];
    // `-rfile` in one word.
    const [, short, glued] = /^(-[rcfiwdte])(.+)$/.exec(word) ?? [];
    if (long !== undefined) add(long, inline ?? '');
    else if (WITH_VALUE.has(word)) {
      add(word, words[at + 1] ?? '');
      at += 1;
    } else if (short !== undefined && !word.startsWith('--')) add(short, glued ?? '');
    else if (word.startsWith('-')) add(word, '');
    else plain.push(word);
  }
  return { values, words: plain };
}
