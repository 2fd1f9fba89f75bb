// Hashes bytes into the digest that names them.
import { createHash } from 'node:crypto';
import { parseDigest, type Digest } from './reference.ts';

export function digestOf(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}
