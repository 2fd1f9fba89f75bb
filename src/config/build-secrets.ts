// The ids of build secrets: those rollout.yml declares against those the Dockerfiles mount.
import { posix } from 'node:path';
import type { Image } from '../documents/fleet.ts';
import { neededStages } from '../images/dockerfile-facts.ts';
import { mounts } from '../images/dockerfile-instruction.ts';
import { finalStage, type Dockerfile } from '../images/dockerfile.ts';
import type { Position } from './complain.ts';
import { withMachine } from './image-facts.ts';
import { didYouMean } from './nearest.ts';
import type { Sheet } from './sheet.ts';

/** The declared ids. One that is mounted and not declared, or declared and mounted nowhere, is a finding. */
export function deriveBuildSecrets(sheet: Sheet, images: readonly Image[]): readonly string[] {
  const declared = sheet.reading.rollout.build?.secrets ?? [];
  const mounted = images.flatMap((image) => {
    const dockerfile = sheet.reading.dockerfiles.get(image.dockerfile);
    return dockerfile === undefined ? [] : secretsOf(dockerfile, image);
  });
  const distinct = new Map(mounted.map((one) => [`${one.id} ${one.at.file}:${one.at.line}`, one]));
  for (const one of distinct.values())
    if (!one.optional && !declared.includes(one.id)) undeclared(sheet, one, declared);
  complainOfUnused(sheet, declared, new Set(mounted.map(({ id }) => id)));
  return sheet.said('buildSecrets', sheet.reading.rollout.build?.secrets, ['build', 'secrets'], []);
}

interface MountedSecret {
  readonly id: string;
  /** Written with required=false: the build is meant to do without. */
  readonly optional: boolean;
  readonly at: Position;
}

/** Of the stages that the build needs; an id behind a variable is left out. */
function secretsOf(dockerfile: Dockerfile, image: Image): readonly MountedSecret[] {
  const last = finalStage(dockerfile);
  if (last === undefined) return [];
  const stages = neededStages(dockerfile, last, withMachine(image.arguments, image.machines[0]));
  return stages.flatMap(({ instructions }) =>
    instructions.flatMap((instruction) =>
      mounts(instruction).flatMap((mount): MountedSecret[] => {
        if (mount.get('type') !== 'secret') return [];
        const target = mount.get('target') ?? mount.get('dst') ?? mount.get('destination');
        const id = mount.get('id') ?? (target === undefined ? undefined : posix.basename(target));
        if (id === undefined || id.includes('$')) return [];
        const at = { file: image.dockerfile, line: instruction.line, column: instruction.column };
        return [{ id, optional: mount.get('required') === 'false', at }];
      }),
    ),
  );
}

function undeclared(sheet: Sheet, { id, at }: MountedSecret, declared: readonly string[]): void {
  const guess = didYouMean(id, declared);
  const written = `build: { secrets: [${[...declared, id].join(', ')}] }`;
  sheet.complain('RC014', at, {
    message: `the secret ${id} is mounted, and build.secrets does not have it`,
    expected: declared.length === 0 ? `${id} in build.secrets of rollout.yml` : `one of ${declared.join(', ')}`,
    got: id,
    cure: guess === undefined ? `write in rollout.yml: ${written}` : `did you mean ${guess}? Else write: ${written}`,
  });
}

function complainOfUnused(sheet: Sheet, declared: readonly string[], mounted: ReadonlySet<string>): void {
  // An image that could not be derived may be the one that mounts it.
  if (sheet.findings.some(({ severity }) => severity === 'error')) return;
  for (const [index, id] of declared.entries()) {
    if (mounted.has(id)) continue;
    sheet.complain('RC012', sheet.reading.yaml.at(['build', 'secrets', index]), {
      message: `no Dockerfile that is built mounts the secret ${id}`,
      expected: `RUN --mount=type=secret,id=${id}`,
      got: 'no such mount',
      cure: 'take it out of build.secrets, or mount it where it is needed',
    });
  }
}
