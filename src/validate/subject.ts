// What the rules look at: images with their context and bases, locks, and the fleet as a whole.
import type { Health, Port } from '../documents/fleet.ts';
import type { BuildFile } from '../images/build-file.ts';
import type { Dockerfile } from '../images/dockerfile.ts';
import type { IgnorePattern } from '../images/ignore.ts';
import type { Lock } from '../images/lock.ts';

/** Why a file that is there was not read. */
export type Refused = Pick<Extract<BuildFile, { kind: 'refused' }>, 'expected' | 'got'>;

export interface Context {
  /** Relative to the repository; `.` is its root. */
  readonly path: string;
  /** Nobody declared it: then a path that exists in another possible context is not judged. */
  readonly inferred: boolean;
  /** The ignore file that counts, if there is one. */
  readonly ignoreFile: string | undefined;
  readonly ignorePatterns: readonly IgnorePattern[];
  /** The ignore file is there and was not read. */
  readonly ignoreRefused: Refused | undefined;
  /** What lies at a path of the context, before .dockerignore is applied. */
  kind(path: string): 'file' | 'folder' | undefined;
  /** A folder is there, with no file that git lists: a checkout does not have it. */
  bareFolder(path: string): boolean;
  /** A part of the path is a link or a submodule: what lies there can't be known here. */
  behindEntry(path: string): boolean;
  ignored(path: string): boolean;
  /** Files below a folder, relative to the context. */
  filesBelow(folder: string): readonly string[];
  /** Paths that match a pattern of COPY. */
  glob(pattern: string): readonly string[];
}

export interface Namesake {
  readonly file: string;
  /** `ghcr.io/acme/shop/base`. */
  readonly name: string;
}

export interface ImageSubject {
  /** The Dockerfile, relative to the repository. */
  readonly file: string;
  readonly name: string;
  /** `unknown`: nothing says that it is a service, nothing is built on it. */
  readonly role: 'service' | 'family' | 'unknown';
  readonly dockerfile: Dockerfile;
  /** Build arguments that are declared for it. */
  readonly arguments: Readonly<Record<string, string>>;
  readonly context: Context;
  readonly machines: readonly string[];
  /** Health as declared; undefined when no rollout.yml says it. */
  readonly health: Health | undefined;
  /** Container ports that compose publishes or exposes. */
  readonly ports: readonly number[];
  /** The image of this repository that a FROM text means. */
  baseOf(reference: string): ImageSubject | undefined;
  /** For an image of another registry: the Dockerfile here that bears its name, and the name under which that is built. */
  namesakeOf(reference: string): Namesake | undefined;
  /** rollout.yml is there, so bases of this repository are linked by the build, whatever their tag. */
  readonly linked: boolean;
  /** Text of a file of the context that a rule may want: probe scripts. */
  textOf(path: string): string | undefined;
  /** Whether a path exists in the repository; the root is `.`. */
  inRepository(path: string): boolean;
}

export interface LockSubject {
  readonly file: string;
  readonly lock: Lock;
  /** The lock is there and was not read; `lock` is empty then. */
  readonly refused: Refused | undefined;
  /** Hashes are demanded of it: it has some, or pip is called with --require-hashes. */
  readonly hashed: boolean;
}

export interface PublishedPorts {
  readonly machine: string;
  readonly service: string;
  readonly ports: readonly Port[];
  readonly file: string;
  readonly line: number;
}

export interface FleetSubject {
  readonly images: readonly ImageSubject[];
  readonly published: readonly PublishedPorts[];
}
