// The inputs of an image: which paths of the repository its build reads, for one machine or for all.
import { posix } from 'node:path';
import { withMachine } from '../config/image-facts.ts';
import type { Image } from '../documents/fleet.ts';
import { copySources, neededStages } from '../images/dockerfile-facts.ts';
import { mounts } from '../images/dockerfile-instruction.ts';
import { walkStage } from '../images/dockerfile-scope.ts';
import { finalStage, type Dockerfile } from '../images/dockerfile.ts';
import { ignoreFilesOf, parseIgnore, type Ignore } from '../images/ignore.ts';

/** True for a path of the repository that a build reads. */
export type Reads = (path: string) => boolean;

export interface InputQuestion {
  readonly image: Pick<Image, 'dockerfile' | 'context' | 'arguments' | 'lock'>;
  readonly dockerfile: Dockerfile;
  /** Texts of the ignore files that exist, by path. */
  readonly ignores: ReadonlyMap<string, string>;
  readonly machine: string | undefined;
}

/** What the build of one image reads itself; what its parents read is theirs. */
export function readsOf(question: InputQuestion): Reads {
  const { image } = question;
  const sources = contextSources(question);
  const names = ignoreFilesOf(image.dockerfile, image.context);
  const ignoreFile = names.find((name) => question.ignores.has(name));
  const text = ignoreFile === undefined ? undefined : question.ignores.get(ignoreFile);
  const ignored: Ignore = text === undefined ? () => false : parseIgnore(text);
  const matchers = sources.map(sourceMatcher);
  return (path) => {
    if (path === image.dockerfile || path === image.lock || path === ignoreFile) return true;
    const inContext = relativeTo(image.context, path);
    return inContext !== undefined && !ignored(inContext) && matchers.some((matches) => matches(inContext));
  };
}

/** The paths of COPY, ADD and bind mounts from the context, over every stage the image needs. */
function contextSources({ image, dockerfile, machine }: InputQuestion): readonly string[] {
  const stage = finalStage(dockerfile);
  if (stage === undefined) return [];
  const given = withMachine(image.arguments, machine);
  const found = new Set<string>();
  for (const needed of neededStages(dockerfile, stage, given)) {
    walkStage(dockerfile, needed, given, (instruction, scope) => {
      const copy = copySources(instruction, scope, dockerfile.escape);
      // A path whose variable has no value could be any: everything counts, rather than too little.
      const written = copy === undefined || copy.missing.length === 0 ? (copy?.sources ?? []) : ['.'];
      if (copy?.from === undefined) for (const source of written) if (!isRemote(source)) found.add(clean(source));
      for (const mount of mounts(instruction)) {
        const isBind = (mount.get('type') ?? 'bind') === 'bind';
        if (isBind && !mount.has('from')) found.add(clean(mount.get('source') ?? mount.get('src') ?? '.'));
      }
    });
  }
  return [...found];
}

function isRemote(source: string): boolean {
  return /^(?:https?:\/\/|git@|git:\/\/|ssh:\/\/)/.test(source);
}

/** A source is a file, a folder with all in it, or a pattern of Go's filepath.Match. */
function sourceMatcher(source: string): Reads {
  if (source === '.') return () => true;
  if (!/[*?[]/.test(source)) return (path) => path === source || path.startsWith(`${source}/`);
  const body = source
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const pattern = safePattern(`^${body}(?:/|$)`);
  return (path) => pattern === undefined || pattern.test(path);
}

function safePattern(text: string): RegExp | undefined {
  try {
    return new RegExp(text);
  } catch {
    return undefined;
  }
}

function relativeTo(context: string, path: string): string | undefined {
  if (context === '.') return path;
  return path.startsWith(`${context}/`) ? path.slice(context.length + 1) : undefined;
}

function clean(source: string): string {
  const path = posix.normalize(source).replace(/^\/+/, '').replace(/\/$/, '');
  return path === '' ? '.' : path;
}
