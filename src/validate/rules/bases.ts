// RA201 and RA202: what an image is built on cannot change behind its back.
import { resolveFrom, resolveImage, walkStage } from '../../images/dockerfile-scope.ts';
import { flagValue, mounts, type Instruction } from '../../images/dockerfile-instruction.ts';
import { at, type ImageRule, type Sighting } from '../rule.ts';
import { readReference, referenceFault } from '../outside.ts';
import type { ImageSubject, Namesake } from '../subject.ts';

export const RA201: ImageRule = {
  id: 'RA201',
  title: 'No floating base tag',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'Every outside image has a tag that names a version, or a digest.',
    why: '`latest`, a missing tag and `…-latest` mean another image tomorrow, and often one that nobody publishes at all.',
    bad: 'FROM python',
    good: 'FROM python:3.11-slim-bookworm@sha256:<64 hex digits>',
  },
  check: (image) => outsideImages(image).flatMap(floating),
};

export const RA202: ImageRule = {
  id: 'RA202',
  title: 'Outside bases are pinned by digest',
  severity: 'warning',
  breaks: 'policy',
  on: 'image',
  holds: 'all',
  page: {
    proves: 'An outside image is named by the digest of its bytes.',
    why: 'A tag can be pushed again; the same commit then builds another image. Keep the tag beside the digest for people.',
    bad: 'FROM python:3.11-slim-bookworm',
    good: 'FROM python:3.11-slim-bookworm@sha256:<64 hex digits>',
  },
  check: (image) => outsideImages(image).flatMap(unpinned),
};

/** The build gives this one as a named context; no registry is asked for it. */
const NAMED_CONTEXTS = new Set(['wheels', 'context']);

interface OutsideImage {
  readonly reference: string;
  /** Built here, but nothing links it: then its tag counts, though a digest of it can't be known. */
  readonly own: boolean;
  readonly namesake: Namesake | undefined;
  readonly instruction: Instruction;
}

/** Images that FROM, --from and mounts take from outside of this repository, each once per line. */
function outsideImages(image: ImageSubject): readonly OutsideImage[] {
  const { dockerfile } = image;
  const found: OutsideImage[] = [];
  const add = (reference: string, instruction: Instruction): void => {
    const own = image.baseOf(reference) !== undefined;
    if (NAMED_CONTEXTS.has(reference) || (own && image.linked)) return;
    found.push({ reference, own, namesake: own ? undefined : image.namesakeOf(reference), instruction });
  };
  for (const stage of dockerfile.stages) {
    const base = resolveFrom(dockerfile, stage, image.arguments);
    const [from] = stage.instructions;
    if (base.kind === 'image' && from !== undefined) add(base.reference, from);
    walkStage(dockerfile, stage, image.arguments, (instruction, scope) => {
      for (const text of takenBy(instruction)) {
        const taken = resolveImage(dockerfile, text, stage.index, scope);
        if (taken.kind === 'image') add(taken.reference, instruction);
      }
    });
  }
  return found;
}

function takenBy(instruction: Instruction): readonly string[] {
  const from = instruction.keyword === 'COPY' ? flagValue(instruction, 'from') : undefined;
  return [...(from === undefined ? [] : [from]), ...mounts(instruction).flatMap((mount) => mount.get('from') ?? [])];
}

function floating({ reference, namesake, instruction }: OutsideImage): readonly Sighting[] {
  // A leftover of a template is told as RA102, with its cure.
  if (/[{}<>]/.test(reference)) return [];
  const parsed = readReference(reference);
  if (parsed === undefined) {
    const message = `${reference} is no image name: ${referenceFault(reference) ?? ''}`;
    return [{ ...at(instruction), message, got: reference, cure: 'write host/path:tag in lower case' }];
  }
  if (parsed.digest !== undefined) return [];
  const tag = parsed.tag ?? 'latest';
  if (tag !== 'latest' && !tag.endsWith('-latest')) return [];
  const what = parsed.tag === undefined ? 'has no tag, so latest is meant' : `has the tag ${tag}`;
  return [
    {
      ...at(instruction),
      message: `${reference} ${what}: it changes without a commit, or was never published`,
      expected: 'a tag that names a version, with its digest',
      got: reference,
      cure:
        namesake === undefined
          ? 'name a version: docker buildx imagetools inspect shows the digest behind it'
          : `${builtIf(namesake)}; if the other one is meant, name a version with its digest`,
    },
  ];
}

function unpinned(outside: OutsideImage): readonly Sighting[] {
  const { reference, own, namesake, instruction } = outside;
  if (own) return [];
  const parsed = readReference(reference);
  if (parsed === undefined || parsed.digest !== undefined || floating(outside).length > 0) return [];
  if (namesake !== undefined) return [takenFromElsewhere(outside, namesake)];
  return [
    {
      ...at(instruction),
      message: `${reference} is not pinned by digest, so its tag can be pushed again`,
      expected: `${reference}@sha256:<64 hex digits>`,
      got: reference,
      cure: 'add the digest that docker buildx imagetools inspect shows',
    },
  ];
}

/** An image under another path of the registry is often nobody's: the path of this repository's own was meant. */
function takenFromElsewhere({ reference, instruction }: OutsideImage, namesake: Namesake): Sighting {
  return {
    ...at(instruction),
    message: `${reference} is taken from outside, although ${namesake.file} bears its name`,
    expected: `${namesake.name}, which this repository builds, or a digest`,
    got: reference,
    cure: `${builtIf(namesake)}; if the other one is meant, add its digest`,
  };
}

function builtIf({ file, name }: Namesake): string {
  return `${file} would build this if FROM named ${name}`;
}
