// The images of the repository: those of the services, the families they are built on, and what each is made from.
import { posix } from 'node:path';
import type { Image } from '../documents/fleet.ts';
import { neededStages, reachesArg, takesFrom } from '../images/dockerfile-facts.ts';
import { resolveFrom, type Base } from '../images/dockerfile-scope.ts';
import { finalStage, type Dockerfile, type Stage } from '../images/dockerfile.ts';
import { findCycle } from './cycle.ts';
import { withMachine } from './image-facts.ts';
import { deriveLock } from './lock.ts';
import { imageOfPath, isDockerfile } from './repository.ts';
import { showPosition, type Position } from './complain.ts';
import type { ComposeService } from './compose.ts';
import type { Sheet } from './sheet.ts';

/** A compose service that runs an image of the repository. */
export interface Running {
  readonly image: string;
  readonly machine: string;
  readonly service: ComposeService;
}

export interface Registry {
  /** What the files of the repository call it; the names of parents are matched against it. */
  readonly written: string;
  /** Where images are pushed. */
  readonly pushed: string;
}

/** All images the services need, parents before children. Cycles and missing Dockerfiles become findings. */
export function deriveImages(sheet: Sheet, running: readonly Running[], registry: Registry): readonly Image[] {
  const drafts = new Map<string, Draft>();
  const waiting = [...new Set(running.map(({ image }) => image))].toSorted();
  for (const name of waiting) {
    if (drafts.has(name)) continue;
    const draft = draftOf({ sheet, running, registry }, name);
    if (draft === undefined) continue;
    drafts.set(name, draft);
    waiting.push(...draft.parents.map((parent) => parent.image));
  }
  const cycle = findCycle([...drafts.keys()], (name) => drafts.get(name)?.parents.map((parent) => parent.image) ?? []);
  if (cycle !== undefined) {
    complainOfCycle(sheet, drafts, cycle);
    return [];
  }
  return inOrder(drafts).map((draft) => finish(draft, drafts, { sheet, running, registry }));
}

interface Making {
  readonly sheet: Sheet;
  readonly running: readonly Running[];
  readonly registry: Registry;
}

interface Parent {
  readonly image: string;
  readonly from: string;
  readonly at: Position;
}

interface Draft {
  readonly name: string;
  readonly service: boolean;
  readonly dockerfile: string;
  readonly context: string;
  readonly arguments: Readonly<Record<string, string>>;
  readonly parents: readonly Parent[];
  readonly bases: readonly string[];
  readonly ownMachine: boolean;
  readonly lock: string | undefined;
}

function draftOf({ sheet, running, registry }: Making, name: string): Draft | undefined {
  const key = `images.${name}`;
  const mine = running.filter(({ image }) => image === name);
  const place = recipeOf(sheet, name, mine);
  if (place === undefined) return undefined;
  const dockerfile = sheet.reading.dockerfiles.get(place.dockerfile);
  const stage = usableStage(sheet, dockerfile, place.dockerfile);
  if (dockerfile === undefined || stage === undefined) return undefined;
  const given = withMachine(place.arguments, mine[0]?.machine ?? sheet.reading.rollout.rollout.order[0]);
  const reached = reachedImages({ sheet, dockerfile, stage, given, file: place.dockerfile });
  const known = new Set([...imageNames(sheet), ...running.map(({ image }) => image)]);
  const parents = reached.flatMap(({ reference, at }): Parent[] => {
    const parent = nameUnder(registry.written, reference);
    return parent === undefined || !known.has(parent) ? [] : [{ image: parent, from: reference, at }];
  });
  for (const parent of parents) sheet.from(`${key}.parents.${parent.image}`, parent.image, parent.at);
  const taken = new Set(parents.map(({ from }) => from));
  return {
    name,
    service: mine.length > 0,
    ...place,
    parents,
    bases: [...new Set(reached.map(({ reference }) => reference))].filter((reference) => !taken.has(reference)),
    ownMachine: reachesArg(dockerfile, stage, 'MACHINE', given),
    lock: deriveLock({
      ...{ sheet, name, dockerfile, stage, given },
      services: mine.map(({ service }) => service.name),
      context: place.context,
    }),
  };
}

function finish(draft: Draft, drafts: ReadonlyMap<string, Draft>, { sheet, running, registry }: Making): Image {
  const { name, dockerfile, context, lock } = draft;
  const perMachine = reachesMachine(draft, drafts);
  sheet.from(`images.${name}.perMachine`, perMachine, dockerfile);
  sheet.from(`images.${name}.machines`, undefined, 'the services that need it');
  return {
    name,
    kind: draft.service ? 'service' : 'family',
    repository: `${registry.pushed}/${name}`,
    dockerfile,
    context,
    arguments: draft.arguments,
    parents: draft.parents.map(({ image, from }) => ({ image, from })),
    bases: [...draft.bases],
    perMachine,
    machines: sheet.reading.rollout.rollout.order.filter((machine) =>
      running.some((one) => one.machine === machine && needs(one.image, name, drafts)),
    ),
    ...(lock === undefined ? {} : { lock }),
  };
}

interface Recipe {
  readonly dockerfile: string;
  readonly context: string;
  readonly arguments: Readonly<Record<string, string>>;
}

interface Candidate {
  readonly recipe: Recipe;
  readonly at: Position;
}

/** rollout.yml first, then compose `build:`, then the Dockerfile in a folder of the image's name. */
function recipeOf(sheet: Sheet, name: string, mine: readonly Running[]): Recipe | undefined {
  const found = [said(sheet, name, mine), composed(mine), byPlace(sheet, name)].find((list) => list.length > 0) ?? [];
  const distinct = [...new Map(found.map((one) => [JSON.stringify(one.recipe), one])).values()];
  const [first, second] = distinct;
  if (first === undefined) return noDockerfile(sheet, name, mine);
  if (second !== undefined) {
    sheet.complain('RC006', second.at, {
      message: `two Dockerfiles could make ${name}`,
      expected: 'one',
      got: distinct.map(({ recipe, at }) => `${recipe.dockerfile} (${showPosition(at)})`).join(', '),
      cure: `say which one: images: { ${name}: { dockerfile: ${first.recipe.dockerfile} } }`,
    });
    return undefined;
  }
  sheet.from(`images.${name}.dockerfile`, first.recipe.dockerfile, first.at);
  sheet.from(`images.${name}.context`, first.recipe.context, first.recipe.context === '.' ? 'default' : first.at);
  if (sheet.reading.dockerfiles.has(first.recipe.dockerfile)) return first.recipe;
  const absent = {
    message: `there is no Dockerfile ${first.recipe.dockerfile}`,
    expected: `the Dockerfile of ${name}`,
    got: 'no such file',
    cure: 'mend the path, or add the file',
  };
  sheet.complain('RC007', first.at, sheet.reading.refused.get(first.recipe.dockerfile) ?? absent);
  return undefined;
}

function said(sheet: Sheet, name: string, mine: readonly Running[]): readonly Candidate[] {
  const { images, services } = sheet.reading.rollout;
  const byService = mine.map(({ service }) => ({
    build: services?.[service.name]?.build,
    path: ['services', service.name, 'build'],
  }));
  return [{ build: images?.[name], path: ['images', name] }, ...byService].flatMap(({ build, path }) => {
    if (build?.dockerfile === undefined) return [];
    const recipe = { dockerfile: build.dockerfile, context: build.context ?? '.', arguments: build.args ?? {} };
    return [{ recipe, at: sheet.place(path) }];
  });
}

function composed(mine: readonly Running[]): readonly Candidate[] {
  return mine.flatMap(({ service }) => {
    if (service.build === undefined) return [];
    const context = cleanPath(`${posix.dirname(service.at().file)}/${service.build.context}`);
    const dockerfile = cleanPath(`${context}/${service.build.dockerfile ?? 'Dockerfile'}`);
    return [{ recipe: { dockerfile, context, arguments: service.build.arguments }, at: service.at('build') }];
  });
}

function byPlace(sheet: Sheet, name: string): readonly Candidate[] {
  const { images, services } = sheet.reading.rollout;
  const written = images?.[name] ?? services?.[name]?.build;
  return sheet.reading.repository.files
    .filter((path) => isDockerfile(path) && imageOfPath(path) === name)
    .map((dockerfile) => {
      const recipe = { dockerfile, context: written?.context ?? '.', arguments: written?.args ?? {} };
      return { recipe, at: { file: dockerfile, line: 1, column: 1 } };
    });
}

function noDockerfile(sheet: Sheet, name: string, mine: readonly Running[]): undefined {
  const at = mine[0]?.service.at('image');
  if (at === undefined) return undefined;
  sheet.complain('RC007', at, {
    message: `no Dockerfile for ${name}`,
    expected: `${name}/Dockerfile, or a folder named ${name} with a Dockerfile`,
    got: 'none in the repository',
    cure: `add it, or say where it is: images: { ${name}: { dockerfile: … } }`,
  });
  return undefined;
}

function usableStage(sheet: Sheet, dockerfile: Dockerfile | undefined, file: string): Stage | undefined {
  const stage = dockerfile === undefined ? undefined : finalStage(dockerfile);
  if (stage !== undefined) return stage;
  const [problem] = dockerfile?.problems ?? [];
  sheet.complain(
    'RC011',
    { file, line: problem?.line ?? 1, column: problem?.column ?? 1 },
    {
      message: `${file} is not a Dockerfile that can be built`,
      expected: 'a Dockerfile with a FROM',
      got: problem?.message ?? 'no FROM',
      cure: 'write the Dockerfile, or name another file in rollout.yml',
    },
  );
  return undefined;
}

interface Reach {
  readonly sheet: Sheet;
  readonly dockerfile: Dockerfile;
  readonly stage: Stage;
  readonly given: Readonly<Record<string, string>>;
  readonly file: string;
}

/** Every image outside the file that a build of the stage needs, with the line of the stage that asks for it. */
function reachedImages(reach: Reach): readonly { readonly reference: string; readonly at: Position }[] {
  const { dockerfile, stage, given, file } = reach;
  const found = neededStages(dockerfile, stage, given).flatMap((needed) => {
    const at = { file, line: needed.line, column: needed.column };
    const bases = [resolveFrom(dockerfile, needed, given), ...takesFrom(dockerfile, needed, given)];
    return bases.flatMap((base) => referenceOf(reach, base, at));
  });
  return [...new Map(found.map((one) => [one.reference, one])).values()];
}

function referenceOf({ sheet }: Reach, base: Base, at: Position): readonly { reference: string; at: Position }[] {
  if (base.kind === 'image') return [{ reference: base.reference, at }];
  if (base.kind !== 'unresolved') return [];
  sheet.complain('RC010', at, {
    message: `which image ${base.text} means can not be known`,
    expected: 'an image, or an ARG before the first FROM with a default',
    got: base.missing.length === 0 ? base.text : `no value for ${base.missing.join(', ')}`,
    cure: 'give the ARG a default, or a value in args: of rollout.yml',
  });
  return [];
}

/** The names of all images a Dockerfile of the repository makes. */
function imageNames(sheet: Sheet): readonly string[] {
  const byPlaces = sheet.reading.repository.files.filter(isDockerfile).flatMap((path) => imageOfPath(path) ?? []);
  return [...byPlaces, ...Object.keys(sheet.reading.rollout.images ?? {})];
}

/** `base-utils` for `ghcr.io/acme/fleet/base-utils:main` under `ghcr.io/acme/fleet`. */
export function nameUnder(registry: string, reference: string): string | undefined {
  const [named = ''] = reference.split('@');
  const colon = named.lastIndexOf(':');
  const bare = colon > named.lastIndexOf('/') ? named.slice(0, colon) : named;
  return bare.toLowerCase().startsWith(`${registry}/`) ? bare.slice(registry.length + 1) : undefined;
}

function reachesMachine(draft: Draft, drafts: ReadonlyMap<string, Draft>): boolean {
  const parents = draft.parents.flatMap(({ image }) => drafts.get(image) ?? []);
  return draft.ownMachine || parents.some((parent) => reachesMachine(parent, drafts));
}

function needs(child: string, name: string, drafts: ReadonlyMap<string, Draft>): boolean {
  return child === name || (drafts.get(child)?.parents.some(({ image }) => needs(image, name, drafts)) ?? false);
}

function inOrder(drafts: ReadonlyMap<string, Draft>): readonly Draft[] {
  const placed = new Map<string, Draft>();
  const place = (draft: Draft): void => {
    if (placed.has(draft.name)) return;
    for (const { image } of draft.parents) {
      const parent = drafts.get(image);
      if (parent !== undefined) place(parent);
    }
    placed.set(draft.name, draft);
  };
  for (const draft of drafts.values()) place(draft);
  return [...placed.values()];
}

function complainOfCycle(sheet: Sheet, drafts: ReadonlyMap<string, Draft>, cycle: readonly string[]): void {
  const [first = '', second] = cycle;
  const link = drafts.get(first)?.parents.find(({ image }) => image === second);
  sheet.complain('RC003', link?.at ?? { file: drafts.get(first)?.dockerfile ?? first, line: 1, column: 1 }, {
    message: 'these images are built on one another in a circle',
    expected: 'families whose FROM lead to an outside image',
    got: cycle.join(' → '),
    cure: `let one of them start from another base: ${cycle
      .slice(0, -1)
      .map((name) => drafts.get(name)?.dockerfile ?? name)
      .join(', ')}`,
  });
}

function cleanPath(path: string): string {
  return posix.normalize(path).replace(/\/$/, '');
}
