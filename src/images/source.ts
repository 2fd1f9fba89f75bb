// Where images are read from, as the walk needs it: three questions, each answered by a tagged union and never by a guess.
import type { Digest, ImageName } from './reference.ts';

/** Why something was not found. unknown is never absent: it says that the answer could not be had. */
export type Refusal =
  | { readonly kind: 'absent'; readonly message: string }
  | { readonly kind: 'auth'; readonly message: string; readonly cure: string }
  | { readonly kind: 'unknown'; readonly message: string; readonly cure?: string };

export type Answer<T> = { readonly kind: 'found'; readonly value: T } | Refusal;

export interface ManifestBytes {
  readonly bytes: Uint8Array;
  /** Hash of the bytes that came, whatever the headers said. */
  readonly digest: Digest;
  /** The registry's Content-Type without parameters; undefined when it sent none. */
  readonly contentType: string | undefined;
}

export interface BlobDescriptor {
  readonly digest: Digest;
  readonly size: number;
}

export interface ImageSource {
  /** The manifest a tag or a digest stands for; for a digest the bytes are proven to have it. */
  manifest(image: ImageName, reference: string): Promise<Answer<ManifestBytes>>;
  /** Whether the blob is there, with the size its descriptor promises, without fetching it. */
  hasBlob(image: ImageName, blob: BlobDescriptor): Promise<Answer<undefined>>;
  /** A small blob's bytes, proven to have the digest and the size. */
  blob(image: ImageName, blob: BlobDescriptor): Promise<Answer<Uint8Array>>;
}
