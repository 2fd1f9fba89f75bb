// The files in which a step tells the runner something: outputs, variables, folders for PATH, its summary.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAMES = {
  output: 'GITHUB_OUTPUT',
  environment: 'GITHUB_ENV',
  path: 'GITHUB_PATH',
  state: 'GITHUB_STATE',
  summary: 'GITHUB_STEP_SUMMARY',
} as const;

export interface CommandFiles {
  /** What the step finds them by. */
  readonly variables: Readonly<Record<string, string>>;
  read(): Told;
}

export interface Told {
  readonly outputs: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly summary: string;
}

/** Empty files for one step, in a folder that is there. */
export function commandFiles(folder: string, step: string): CommandFiles {
  const pathOf = (kind: string): string => join(folder, `${step}-${kind}`);
  for (const kind of Object.keys(NAMES)) writeFileSync(pathOf(kind), '');
  const read = (kind: keyof typeof NAMES): string => readFileSync(pathOf(kind), 'utf8');
  return {
    variables: Object.fromEntries(Object.entries(NAMES).map(([kind, name]) => [name, pathOf(kind)])),
    read: () => ({
      outputs: parsePairs(read('output')),
      variables: parsePairs(read('environment')),
      path: read('path')
        .split('\n')
        .filter((line) => line !== ''),
      summary: read('summary'),
    }),
  };
}

/** Lines `name=value`, and blocks `name<<DELIMITER`, the value, `DELIMITER`. Throws on anything else, as the runner does. */
export function parsePairs(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n');
  const pairs: Record<string, string> = {};
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const [, name, delimiter] = /^([^=]+?)<<(.+)$/.exec(line) ?? [];
    if (name !== undefined && delimiter !== undefined) {
      const end = lines.indexOf(delimiter, at + 1);
      if (end === -1) throw new Error(`${name} has no end ${delimiter}`);
      pairs[name] = lines.slice(at + 1, end).join('\n');
      at = end;
    } else {
      const equals = line.indexOf('=');
      if (equals < 1) throw new Error(`${line} is neither name=value nor name<<DELIMITER`);
      pairs[line.slice(0, equals)] = line.slice(equals + 1);
    }
  }
  return pairs;
}
