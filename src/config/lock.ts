// The lock of an image: the file of hashed requirements that the `-r` of its pip lines means.
import { posix } from 'node:path';
import { copySources, neededStages } from '../images/dockerfile-facts.ts';
import { mounts } from '../images/dockerfile-instruction.ts';
import { walkStage } from '../images/dockerfile-scope.ts';
import type { Dockerfile, Stage } from '../images/dockerfile.ts';
import type { Sheet } from './sheet.ts';

export interface LockQuestion {
  readonly sheet: Sheet;
  /** The image. */
  readonly name: string;
  /** The compose services that run it. */
  readonly services: readonly string[];
  readonly dockerfile: Dockerfile;
  /** The build context; sources of COPY and of bind mounts are relative to it. */
  readonly context: string;
  readonly stage: Stage;
  readonly given: Readonly<Record<string, string>>;
}

/** The path of the lock in the repository, or undefined when nothing is installed from one. */
export function deriveLock(question: LockQuestion): string | undefined {
  const { sheet, name, services } = question;
  const key = `images.${name}.lock`;
  const saying = services.find((service) => sheet.reading.rollout.services?.[service]?.lock !== undefined);
  if (saying !== undefined) {
    const path = ['services', saying, 'lock'];
    return sheet.from(key, sheet.reading.rollout.services?.[saying]?.lock, sheet.place(path));
  }
  const inImages = sheet.reading.rollout.images?.[name]?.lock;
  if (inImages !== undefined) return sheet.from(key, inImages, sheet.place(['images', name, 'lock']));
  return fromDockerfile(question, key);
}

function fromDockerfile(question: LockQuestion, key: string): string | undefined {
  const { sheet, name, services, dockerfile, stage, given } = question;
  const place = sheet.sources.get(`images.${name}.dockerfile`) ?? name;
  const found = new Map<string, number>();
  for (const needed of neededStages(dockerfile, stage, given)) collect(question, needed, found);
  const files = new Set(sheet.reading.repository.files);
  const locks = [...found].filter(([path]) => files.has(path));
  const [first, second] = locks;
  if (first === undefined) return undefined;
  const file = place.replace(/:\d+$/, '');
  const at = { file, line: first[1], column: 1 };
  if (second === undefined) return sheet.from(key, first[0], at);
  sheet.complain(
    'RC006',
    { ...at, line: second[1] },
    {
      message: `two locks could be the one of ${name}`,
      expected: 'one lock per image',
      got: locks.map(([path]) => path).join(', '),
      cure:
        services[0] === undefined
          ? `say which one: images: { ${name}: { lock: ${first[0]} } }`
          : `say which one: services: { ${services[0]}: { lock: ${first[0]} } }`,
    },
  );
  return undefined;
}

/** Adds the repository's path and the line of every `-r FILE` of a stage to `found`. */
function collect({ dockerfile, context, given }: LockQuestion, stage: Stage, found: Map<string, number>): void {
  const inContext = (source: string): string => clean(posix.join(context, source));
  const copied: { readonly source: string; readonly target: string }[] = [];
  walkStage(dockerfile, stage, given, (instruction, scope) => {
    const copy = copySources(instruction, scope, dockerfile.escape);
    if (copy !== undefined && copy.from === undefined && copy.missing.length === 0) {
      copied.push(...copy.sources.map((source) => ({ source: inContext(source), target: copy.destination })));
    }
    if (instruction.keyword !== 'RUN') return;
    const mounted = mounts(instruction).flatMap((mount) => {
      const source = mount.get('source') ?? mount.get('src');
      const target = mount.get('target') ?? mount.get('dst') ?? mount.get('destination');
      return source === undefined || target === undefined || mount.has('from')
        ? []
        : [{ source: inContext(source), target }];
    });
    for (const path of requirementFiles(instruction.text)) {
      const origin = [...mounted, ...copied.toReversed()].find(({ source, target }) => lands(source, target, path));
      if (origin !== undefined && !found.has(origin.source)) found.set(origin.source, instruction.line);
    }
  });
}

function requirementFiles(text: string): readonly string[] {
  if (!/\b(?:pip3?|uv)\b/.test(text)) return [];
  const matches = text.matchAll(/(?:^|\s)(?:-r|--requirement|--requirements)[\s=]*([^\s;&|]+)/g);
  return [...matches].flatMap(([, path]) => path ?? []);
}

/** Whether a source copied to a target is the file a command names. */
function lands(source: string, target: string, path: string): boolean {
  const base = source.slice(source.lastIndexOf('/') + 1);
  const wanted = clean(path);
  const there = clean(target);
  return wanted === there || wanted === clean(`${there}/${base}`);
}

function clean(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
