// The files an image will hold, as far as COPY tells: what is certainly there, certainly not, or made by something else.
import { posix } from 'node:path';
import { outsideBase } from '../images/dockerfile-facts.ts';
import { flagValue, mounts, type Instruction } from '../images/dockerfile-instruction.ts';
import { finalStage, stageNamed, type Stage } from '../images/dockerfile.ts';
import { outsideFacts } from './outside.ts';
import { remember } from './remember.ts';
import { commandsIn, isRoot, stepsOfChain, type Step } from './steps.ts';
import type { ImageSubject } from './subject.ts';

export interface FoundFile {
  readonly verdict: 'there' | 'missing' | 'unknown';
  /** Where it comes from, when it is a file of the build context. */
  readonly source: { readonly image: ImageSubject; readonly path: string } | undefined;
  /** Root owns it for certain. */
  readonly ownedByRoot: boolean;
  readonly copiedBy: Instruction | undefined;
}

const UNKNOWN: FoundFile = { verdict: 'unknown', source: undefined, ownedByRoot: false, copiedBy: undefined };
const MISSING: FoundFile = { verdict: 'missing', source: undefined, ownedByRoot: false, copiedBy: undefined };
/** Folders that every base brings and no COPY explains. */
const OF_THE_SYSTEM = /^\/(usr|bin|sbin|lib|lib64|etc|opt|var|root|proc|sys|dev|run|tmp)(\/|$)/;

/** Looks for a path in a stage as it is before `until` (or at its end), bases of this repository included. */
export function findFile(image: ImageSubject, stage: Stage, path: string, until?: Instruction): FoundFile {
  const key = `${stage.index} ${until?.line ?? 'end'} ${path}`;
  const known = answersOf(image).get(key);
  if (known !== undefined) return known;
  const found = lookUp(image, stage, path, until);
  answersOf(image).set(key, found);
  return found;
}

/** Stages copy from stages in any pattern; asked once per path, the work stays linear. */
const answersOf = remember((_image: ImageSubject) => new Map<string, FoundFile>());

function lookUp(image: ImageSubject, stage: Stage, path: string, until: Instruction | undefined): FoundFile {
  const steps = stepsOfChain(image, stage);
  const end = until === undefined ? steps.length : steps.findIndex(({ instruction }) => instruction === until);
  for (const step of steps.slice(0, end < 0 ? steps.length : end).toReversed()) {
    const found = fromStep(image, step, path);
    if (found !== undefined) return found;
  }
  return fromBase(image, stage, path);
}

/** As findFile, in the final image. */
export function findInImage(image: ImageSubject, path: string): FoundFile {
  const last = finalStage(image.dockerfile);
  return last === undefined ? UNKNOWN : findFile(image, last, path);
}

/** Whether anything a RUN says could have made the path: its name, its folder, or a folder above is spoken of. */
export function mayBeMadeBy(step: Step, path: string): boolean {
  if (step.instruction.keyword !== 'RUN') return false;
  const told = toldBy(step.instruction);
  if (told.includes(posix.basename(path))) return true;
  return foldersAbove(path).some((folder) => told.includes(folder) && !onlyEntersOrMakes(step, folder));
}

const toldBy = remember(({ text, heredocs }: Instruction): string =>
  [text, ...heredocs.map(({ body }) => body)].join('\n'),
);

function fromStep(image: ImageSubject, step: Step, path: string): FoundFile | undefined {
  if (step.copy === undefined) return mayBeMadeBy(step, path) ? UNKNOWN : undefined;
  const { copy, instruction } = step;
  const inside = pathsInside(step, path);
  if (inside === undefined) return undefined;
  if (copy.missing.length > 0 || instruction.keyword === 'ADD') return { ...UNKNOWN, copiedBy: instruction };
  const ownedByRoot = !isGivenAway(instruction);
  if (copy.from !== undefined) return fromOther(image, step, { from: copy.from, inside, ownedByRoot });
  if (instruction.heredocs.length > 0 && copy.sources.length === 0) {
    return { verdict: 'there', source: undefined, ownedByRoot, copiedBy: instruction };
  }
  for (const candidate of inside) {
    if (image.context.kind(candidate) === undefined || image.context.ignored(candidate)) continue;
    return { verdict: 'there', source: { image, path: candidate }, ownedByRoot, copiedBy: instruction };
  }
  return undefined;
}

interface Elsewhere {
  readonly from: string;
  readonly inside: readonly string[];
  readonly ownedByRoot: boolean;
}

function fromOther(image: ImageSubject, step: Step, { from, inside, ownedByRoot }: Elsewhere): FoundFile | undefined {
  const stage = stageNamed(image.dockerfile, from, step.stage.index);
  if (stage === undefined) return { ...UNKNOWN, copiedBy: step.instruction, ownedByRoot };
  const found = inside.map((path) => findFile(image, stage, posix.resolve('/', path)));
  const best = found.find(({ verdict }) => verdict === 'there') ?? found.find(({ verdict }) => verdict === 'unknown');
  return best === undefined ? undefined : { ...best, ownedByRoot, copiedBy: step.instruction };
}

function fromBase(image: ImageSubject, stage: Stage, path: string): FoundFile {
  const base = outsideBase(image.dockerfile, stage, image.arguments);
  if (base.kind === 'scratch') return MISSING;
  if (base.kind === 'unresolved') return UNKNOWN;
  const own = image.baseOf(base.reference);
  if (own !== undefined && own !== image) return findInImage(own, path);
  return outsideFacts(base.reference) === undefined || OF_THE_SYSTEM.test(path) ? UNKNOWN : MISSING;
}

/** What a COPY would have to take from its source for `path` to appear; undefined when it writes elsewhere. */
function pathsInside(step: Step, path: string): readonly string[] | undefined {
  const { copy, workdir } = step;
  if (copy === undefined) return undefined;
  const target = posix.resolve('/', workdir, copy.destination);
  const below =
    target === '/' ? path.slice(1) : path.startsWith(`${target}/`) ? path.slice(target.length + 1) : undefined;
  if (path !== target && below === undefined) return undefined;
  const sources = copy.sources.map((source) =>
    posix
      .normalize(source)
      .replace(/^(\.?\/)+/, '')
      .replace(/\/$/, ''),
  );
  const found = sources.flatMap((source) => {
    if (below === undefined) return [source];
    const asContents = source === '' || source === '.' ? below : `${source}/${below}`;
    const [first = '', ...rest] = below.split('/');
    const matchesName = matchesLast(source, first);
    return matchesName
      ? [[posix.dirname(source), first, ...rest].join('/').replace(/^\.\//, ''), asContents]
      : [asContents];
  });
  return found.length > 0 || step.instruction.heredocs.length > 0 ? found : undefined;
}

function matchesLast(source: string, name: string): boolean {
  const last = posix.basename(source);
  if (!/[*?[]/.test(last)) return last === name;
  const body = [...last].map((char) =>
    char === '*' ? '.*' : char === '?' ? '.' : char.replace(/[.+^${}()|\\[\]]/, '\\$&'),
  );
  // At most a handful of wildcards stand in one file name; more are not judged.
  return last.length - last.replaceAll('*', '').length <= 3 && new RegExp(`^${body.join('')}$`).test(name);
}

function isGivenAway(instruction: Instruction): boolean {
  const owner = flagValue(instruction, 'chown');
  return owner !== undefined && !isRoot(owner);
}

function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

/** `mkdir`, `chown`, `chmod` and `cd` on a folder put no file into it; nor does a mount. */
function onlyEntersOrMakes(step: Step, folder: string): boolean {
  const known = harmlessFolders(step).get(folder);
  if (known !== undefined) return known;
  const harmless = isHarmless(step, folder);
  harmlessFolders(step).set(folder, harmless);
  return harmless;
}

const harmlessFolders = remember((_step: Step) => new Map<string, boolean>());

function isHarmless(step: Step, folder: string): boolean {
  const mounted = mounts(step.instruction).some((mount) => mount.get('target')?.startsWith(folder) === true);
  const speaking = commandsIn(step).filter(({ command }) => command.words.some(({ value }) => value.includes(folder)));
  if (speaking.length === 0) return mounted;
  return speaking.every(({ command }) =>
    /^(mkdir|chown|chmod|cd|test|ls|useradd|adduser|rm)$/.test(command.words[0]?.value ?? ''),
  );
}
