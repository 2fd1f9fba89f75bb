// What an image will say of itself, its parents in this repository included; outside bases stay unknown.
import type { Image } from '../documents/fleet.ts';
import { outsideBase, stageFacts, type ImageFacts } from '../images/dockerfile-facts.ts';
import { finalStage, type Dockerfile } from '../images/dockerfile.ts';

export interface FactsQuestion {
  readonly images: ReadonlyMap<string, Pick<Image, 'dockerfile' | 'arguments' | 'parents'>>;
  readonly dockerfiles: ReadonlyMap<string, Dockerfile>;
  /** Given as ARG MACHINE; undefined for machine-neutral images. */
  readonly machine: string | undefined;
}

/** The facts of an image by name; undefined when it or its Dockerfile is not known, or it has no stage. */
export function factsOf(name: string, question: FactsQuestion, seen: readonly string[] = []): ImageFacts | undefined {
  const image = question.images.get(name);
  const dockerfile = image === undefined ? undefined : question.dockerfiles.get(image.dockerfile);
  const stage = dockerfile === undefined ? undefined : finalStage(dockerfile);
  if (image === undefined || dockerfile === undefined || stage === undefined || seen.includes(name)) return undefined;
  const given = withMachine(image.arguments, question.machine);
  const base = outsideBase(dockerfile, stage, given);
  const parent = base.kind === 'image' ? image.parents.find(({ from }) => from === base.reference) : undefined;
  const inherited = parent === undefined ? undefined : factsOf(parent.image, question, [...seen, name]);
  return stageFacts(dockerfile, stage, given, inherited);
}

/** Build arguments with MACHINE among them for a machine's variant. */
export function withMachine(
  given: Readonly<Record<string, string>>,
  machine: string | undefined,
): Readonly<Record<string, string>> {
  return machine === undefined ? given : { ...given, MACHINE: machine };
}
