// Which Dockerfile of the repository bears the name of an image that is taken from another registry.
import { imageOfPath } from '../config/repository.ts';
import { readReference } from './outside.ts';
import type { Namesake } from './subject.ts';

export interface NamesakeSearch {
  /** The Dockerfile that speaks of the image: one that extends its upstream bears the same name rightly. */
  readonly file: string;
  readonly inTree: readonly string[];
  readonly registry: string;
}

/** None for images of Docker Hub itself (`python:3.11`), whose names are everybody's. */
export function namesakeOf(reference: string, { file, inTree, registry }: NamesakeSearch): Namesake | undefined {
  const parsed = readReference(reference);
  if (parsed === undefined || (parsed.host === 'docker.io' && parsed.path.startsWith('library/'))) return undefined;
  const name = parsed.path.split('/').at(-1) ?? '';
  const found = inTree.find((path) => path !== file && imageOfPath(path)?.toLowerCase() === name);
  return found === undefined ? undefined : { file: found, name: `${registry}/${name}` };
}
