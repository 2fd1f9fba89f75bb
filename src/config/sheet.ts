// The sheet on which a configuration is derived: what was read, what was found wrong, and where each value comes from.
import type { Finding } from '../documents/findings.ts';
import type { Dockerfile } from '../images/dockerfile.ts';
import type { ComposeFile } from './compose.ts';
import type { Repository } from './repository.ts';
import type { ConfigRule } from './rules.ts';
import { complain, showPosition, type Complaint, type Position } from './complain.ts';
import type { RolloutFile } from './schema.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

export interface Reading {
  readonly rollout: RolloutFile;
  readonly yaml: YamlFile;
  readonly repository: Repository;
  /** By machine; a machine whose compose file could not be read is missing. */
  readonly composes: ReadonlyMap<string, ComposeFile>;
  readonly dockerfiles: ReadonlyMap<string, Dockerfile>;
  /** Dockerfiles that are there and were not opened, with the reason. */
  readonly refused: ReadonlyMap<string, Complaint>;
}

export class Sheet {
  readonly reading: Reading;
  readonly findings: Finding[] = [];
  readonly sources = new Map<string, string>();

  constructor(reading: Reading) {
    this.reading = reading;
  }

  complain(rule: ConfigRule, at: Position, complaint: Complaint): void {
    this.findings.push(complain(rule, at, complaint));
  }

  /** Notes where a value comes from and gives the value back. */
  from<T>(key: string, value: T, source: Position | string): T {
    this.sources.set(key, typeof source === 'string' ? source : showPosition(source));
    return value;
  }

  /** The value rollout.yml gives at a path, else the default; either way its source is noted. */
  said<T>(key: string, written: T | undefined, path: YamlPath, fallback: T): T {
    return written === undefined ? this.from(key, fallback, 'default') : this.from(key, written, this.place(path));
  }

  /** Where a path of rollout.yml stands; a map's key rather than its value. */
  place(path: YamlPath): Position {
    const last = path.at(-1);
    const { yaml } = this.reading;
    return typeof last === 'string' ? yaml.atKey(path.slice(0, -1), last) : yaml.at(path);
  }
}
