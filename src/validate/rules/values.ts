// RA108: what variables make of a text stays small.
import { placeAt, type Instruction } from '../../images/dockerfile-instruction.ts';
import { assignments, walkGlobal, walkStage } from '../../images/dockerfile-scope.ts';
import { expand, LONGEST_VALUE, MOST_PATTERN_STEPS, type Excess, type Scope } from '../../images/expansion.ts';
import type { ImageRule, Sighting } from '../rule.ts';
import type { ImageSubject } from '../subject.ts';

export const RA108: ImageRule = {
  id: 'RA108',
  title: 'Variables stay small',
  severity: 'error',
  breaks: 'build',
  on: 'image',
  holds: 'all',
  page: {
    proves: `No text grows beyond ${LONGEST_VALUE / 1000} kB by the variables put into it.`,
    why: 'Two variables made of two others each double with every line: 20 lines make a megabyte. Linux starts no program with a variable over 128 kB, so the next RUN ends in "argument list too long". Only the first such place of a file is told; what is built on it counts as unknown.',
    bad: 'ARG A=$B$B$B$B',
    good: 'ARG A=$B',
  },
  check: firstExcess,
};

/** All that follows from the first one is its consequence. */
function firstExcess(image: ImageSubject): readonly Sighting[] {
  const { dockerfile } = image;
  let found: Sighting | undefined;
  const visit = (instruction: Instruction, scope: Scope): void => {
    found ??= excessIn(instruction, scope, dockerfile.escape);
  };
  walkGlobal(dockerfile, image.arguments, visit);
  for (const stage of dockerfile.stages) {
    if (found === undefined) walkStage(dockerfile, stage, image.arguments, visit);
  }
  return found === undefined ? [] : [found];
}

const EXPANDED = new Set(['ADD', 'COPY', 'EXPOSE', 'FROM', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR']);

function excessIn(instruction: Instruction, scope: Scope, escape: string): Sighting | undefined {
  for (const { text, offset } of textsOf(instruction, escape)) {
    const { excess } = expand(text, scope, escape);
    if (excess === undefined) continue;
    const place = placeAt(instruction, offset);
    return { ...place, endLine: place.line, ...told(text, excess) };
  }
  return undefined;
}

function textsOf(
  instruction: Instruction,
  escape: string,
): readonly { readonly text: string; readonly offset: number }[] {
  if (['ARG', 'ENV', 'LABEL'].includes(instruction.keyword)) {
    return assignments(instruction, escape).map(({ value, offset }) => ({ text: value ?? '', offset }));
  }
  if (!EXPANDED.has(instruction.keyword)) return [];
  return instruction.words.map(({ raw, offset }) => ({ text: raw, offset }));
}

const LONGEST_SHOWN = 60;

function told(text: string, excess: Excess): Pick<Sighting, 'message' | 'expected' | 'got' | 'cure'> {
  const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1)}…` : text;
  switch (excess) {
    case 'length':
      return {
        message: `${shown} grows beyond ${LONGEST_VALUE} characters when its variables are put in`,
        expected: `at most ${LONGEST_VALUE} characters`,
        got: `more than ${LONGEST_VALUE}, of ${text.length} written here`,
        cure: 'write the value itself, or keep it in a file that COPY brings in',
      };
    case 'steps':
      return {
        message: `the pattern in ${shown} takes too long to match`,
        expected: `at most ${MOST_PATTERN_STEPS} comparisons`,
        got: `more than ${MOST_PATTERN_STEPS}`,
        cure: 'use fewer stars, or cut the value in a RUN',
      };
  }
}
