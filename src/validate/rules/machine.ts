// RA801: a service is built for its machine, and carries that machine's profile.
import { finalStage } from '../../images/dockerfile.ts';
import { assignments } from '../../images/dockerfile-scope.ts';
import { at, type ImageRule, type Sighting } from '../rule.ts';
import { copiesFor, finalSteps, type Step } from '../steps.ts';
import type { ImageSubject } from '../subject.ts';

const PROFILE = '/etc/machine-profile.json';

export const RA801: ImageRule = {
  id: 'RA801',
  title: 'The image carries the profile of its machine',
  severity: 'error',
  breaks: 'policy',
  on: 'image',
  holds: 'services',
  page: {
    proves:
      'The final stage declares ARG MACHINE and copies that machine’s profile to /etc/machine-profile.json, for each of its machines.',
    why: 'One image for all machines means one with the settings of another GPU. The profile says at run time what the image was made for.',
    bad: 'COPY config/machine-profiles/mainpc.json /etc/machine-profile.json',
    good: 'ARG MACHINE\nCOPY config/machine-profiles/${MACHINE}.json /etc/machine-profile.json',
  },
  check: checkMachine,
};

function checkMachine(image: ImageSubject): readonly Sighting[] {
  const last = finalStage(image.dockerfile);
  if (last === undefined) return [];
  const steps = finalSteps(image);
  const declared = steps.find(
    ({ instruction }) =>
      instruction.keyword === 'ARG' && assignments(instruction).some(({ name }) => name === 'MACHINE'),
  );
  const copies = steps.filter(({ copy }) => copy?.destination === PROFILE);
  const [copy] = copies;
  const place = at(last.instructions[0] ?? last);
  const cure = `write ARG MACHINE and COPY config/machine-profiles/\${MACHINE}.json ${PROFILE}`;
  if (copy === undefined)
    return [
      {
        ...place,
        message: `nothing is copied to ${PROFILE}`,
        expected: `the profile of the machine at ${PROFILE}`,
        cure,
      },
    ];
  if (copy.copy?.from !== undefined) return [];
  if (declared === undefined || steps.indexOf(declared) > steps.indexOf(copy)) {
    const message =
      declared === undefined
        ? 'ARG MACHINE is not declared in the final stage'
        : 'ARG MACHINE is declared below the COPY that needs it';
    return [
      {
        ...at(copy.instruction),
        message,
        expected: 'ARG MACHINE above this COPY',
        cure,
        ...withArg(image, copy, declared),
      },
    ];
  }
  return copy.copy?.missing.includes('MACHINE') === true ? [] : fixedProfile(image, copy);
}

function withArg(image: ImageSubject, copy: Step, declared: Step | undefined): Pick<Sighting, 'fix'> {
  const { line, endLine } = copy.instruction;
  if (declared !== undefined || !copy.instruction.raw.includes('MACHINE')) return {};
  const rows = image.dockerfile.lines.slice(line - 1, endLine).join('\n');
  return { fix: { line, endLine, replacement: `ARG MACHINE\n${rows}` } };
}

/** A path that stays the same whatever the machine is belongs to one machine only. */
function fixedProfile(image: ImageSubject, step: Step): readonly Sighting[] {
  const pathFor = (machine: string): string | undefined =>
    copiesFor(image, step.stage, machine).get(step.instruction)?.sources[0];
  if (pathFor('a') !== pathFor('b')) return [];
  return [
    {
      ...at(step.instruction),
      message: `every machine gets ${step.copy?.sources[0] ?? 'the same profile'}`,
      expected: 'a path with ${MACHINE} in it',
      got: step.copy?.sources[0] ?? '',
      cure: 'put ${MACHINE} where the name of the machine stands',
    },
  ];
}
