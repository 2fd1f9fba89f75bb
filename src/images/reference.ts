// Names of images: parsed once into their parts, so that no other room takes a reference apart by hand.
import * as z from 'zod';
import { Fault } from '../fault.ts';

/** `sha256:` and 64 lower-case hex digits. */
export const digestSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hex digits')
  .brand<'Digest'>();
export type Digest = z.infer<typeof digestSchema>;

export interface ImageName {
  /** `ghcr.io`, `10.0.0.1:5000`; Docker Hub's names without a host get `docker.io`. */
  readonly host: string;
  /** `acme/fleet/base-python`, lower case. */
  readonly path: string;
}

export interface ImageReference extends ImageName {
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

const DOCKER_HUB = 'docker.io';
// https://github.com/distribution/reference: path components and tags.
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** Parses a digest; throws Fault `input`. */
export function parseDigest(text: string): Digest {
  const parsed = digestSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Fault('input', 'this is not a digest', { expected: 'sha256: and 64 lower-case hex digits', found: text });
}

/** Parses `[host/]path[:tag][@digest]`; throws Fault `input` that says which part is wrong. */
export function parseReference(text: string): ImageReference {
  const [named, digestText, ...rest] = text.split('@');
  if (named === undefined || named === '' || rest.length > 0) throw malformed(text, 'name[:tag][@sha256:…]');
  const digest = digestText === undefined ? undefined : parseDigest(digestText);
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) throw malformed(text, 'a tag of letters, digits, _ . and -, 128 at most');
  return { ...parseName(hasTag ? named.slice(0, colon) : named), tag, digest };
}

/** Parses `[host/]path`, no tag, no digest; throws Fault `input`. */
export function parseName(text: string): ImageName {
  const slash = text.indexOf('/');
  const first = slash === -1 ? '' : text.slice(0, slash);
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  const host = isHost ? first : DOCKER_HUB;
  const rest = isHost ? text.slice(slash + 1) : text;
  const path = host === DOCKER_HUB && !rest.includes('/') ? `library/${rest}` : rest;
  if (!PATH.test(path)) throw malformed(text, 'lower-case path components of letters, digits, . _ -');
  return { host, path };
}

/** The text of a reference, always with its host. */
export function showReference(reference: ImageName & Partial<ImageReference>): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.host}/${reference.path}${tag}${digest}`;
}

function malformed(text: string, expected: string): Fault {
  return new Fault('input', 'this is not an image reference', { expected, found: text });
}
