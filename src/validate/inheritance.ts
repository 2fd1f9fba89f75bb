// What the final image says of itself, with all it inherits from bases of this repository, and from which file each value comes.
import { outsideBase, stageFacts, type ImageFacts, type Told } from '../images/dockerfile-facts.ts';
import { finalStage } from '../images/dockerfile.ts';
import { outsideFacts } from './outside.ts';
import { remember } from './remember.ts';
import type { ImageSubject } from './subject.ts';

export interface From<T> extends Told<T> {
  /** The Dockerfile that says it. */
  readonly file: string;
}

export interface InheritedFacts {
  readonly user: From<string> | undefined;
  readonly entrypoint: From<readonly string[]> | undefined;
  readonly cmd: From<readonly string[]> | undefined;
  readonly healthcheck: From<readonly string[]> | undefined;
  readonly ports: readonly Told<string>[];
  readonly labels: ImageFacts['labels'];
  readonly environment: ReadonlyMap<string, string>;
  readonly workdir: string;
  /** Every base down to the last is known, so what is not said here is certainly absent. */
  readonly complete: boolean;
}

/** Facts of an image's final stage, bases included. */
export const factsOf = remember((image: ImageSubject): InheritedFacts => {
  const merged = mergedFacts(image);
  const own = ownFacts(image);
  const [base] = parentsOf(image);
  const above = base === undefined ? undefined : factsOf(base);
  const from = <T>(value: Told<T> | undefined, mine: Told<T> | undefined, theirs: From<T> | undefined) =>
    value === undefined
      ? undefined
      : { ...value, file: mine === undefined ? (theirs?.file ?? image.file) : image.file };
  return {
    user: from(merged.user, own.user, above?.user),
    entrypoint: from(merged.entrypoint, own.entrypoint, above?.entrypoint),
    cmd: from(merged.cmd, own.cmd, above?.cmd),
    healthcheck: from(merged.healthcheck, own.healthcheck, above?.healthcheck),
    ports: merged.ports,
    labels: merged.labels,
    environment: merged.environment,
    workdir: merged.workdir?.value ?? '/',
    complete: isComplete(image),
  };
});

/** The base of this repository that the final image is built on: one, or none. */
export function parentsOf(image: ImageSubject): readonly ImageSubject[] {
  const last = finalStage(image.dockerfile);
  if (last === undefined) return [];
  const base = outsideBase(image.dockerfile, last, image.arguments);
  const parent = base.kind === 'image' ? image.baseOf(base.reference) : undefined;
  return parent === undefined ? [] : [parent];
}

/** Programs that the image certainly lacks, because its outermost base does; what RUN installs is not counted in. */
export function lackingTools(image: ImageSubject): ReadonlySet<string> {
  const last = finalStage(image.dockerfile);
  const base = last === undefined ? undefined : outsideBase(image.dockerfile, last, image.arguments);
  if (base?.kind !== 'image') return new Set();
  const parent = image.baseOf(base.reference);
  return parent === undefined ? (outsideFacts(base.reference)?.lacks ?? new Set()) : lackingTools(parent);
}

const ownFacts = remember((image: ImageSubject): ImageFacts => {
  const last = finalStage(image.dockerfile);
  return last === undefined ? NOTHING : stageFacts(image.dockerfile, last, image.arguments);
});

const mergedFacts = remember((image: ImageSubject): ImageFacts => {
  const last = finalStage(image.dockerfile);
  const [parent] = parentsOf(image);
  if (last === undefined) return NOTHING;
  return parent === undefined
    ? ownFacts(image)
    : stageFacts(image.dockerfile, last, image.arguments, mergedFacts(parent));
});

const NOTHING: ImageFacts = {
  user: undefined,
  workdir: undefined,
  entrypoint: undefined,
  cmd: undefined,
  healthcheck: undefined,
  ports: [],
  labels: new Map(),
  environment: new Map(),
  shell: ['/bin/sh', '-c'],
};

function isComplete(image: ImageSubject): boolean {
  const last = finalStage(image.dockerfile);
  if (last === undefined) return false;
  const base = outsideBase(image.dockerfile, last, image.arguments);
  if (base.kind !== 'image') return base.kind === 'scratch';
  const parent = image.baseOf(base.reference);
  return parent === undefined ? outsideFacts(base.reference) !== undefined : isComplete(parent);
}
