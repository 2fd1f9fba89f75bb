// The folder in which documents travel from one action to the next, within a job as files and between jobs as an artifact.
import { join } from 'node:path';
import type * as z from 'zod';
import { parseDocument } from '../documents/document.ts';
import { Fault } from '../fault.ts';
import type { World } from '../world/world.ts';

/** Not hidden: actions/upload-artifact leaves hidden files and folders out. */
const DEFAULT_FOLDER = 'rollout';

/** The name of a host's report: waves and machines are free texts, files and artifacts are not. */
export function reportName(kind: 'cutover' | 'return', about: string): string {
  return `${kind}-${about.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}`;
}

export interface DocumentFolder {
  readonly path: string;
  pathOf(name: string): string;
  /** Reads a document another verb wrote; throws Fault `document` when it is missing or torn. */
  read<S extends z.ZodType>(schema: S, name: string): Promise<z.output<S>>;
  /** As read, but undefined when there is none. */
  find<S extends z.ZodType>(schema: S, name: string): Promise<z.output<S> | undefined>;
  /** The names of the documents that begin so, sorted. */
  named(prefix: string): Promise<readonly string[]>;
}

/** What the runner empties before and after every job; the workspace where there is none. */
export function temporaryFolder({ environment }: World): string {
  return environment.variable('RUNNER_TEMP') ?? environment.variable('GITHUB_WORKSPACE') ?? '.';
}

/** The folder named by the input, else `rollout` under the runner's temporary folder. */
export function openFolder(world: World, input: string | undefined): DocumentFolder {
  const path = input ?? join(temporaryFolder(world), DEFAULT_FOLDER);
  const pathOf = (name: string): string => join(path, `${name}.json`);
  const find: DocumentFolder['find'] = async (schema, name) => {
    const text = await world.files.readText(pathOf(name));
    return text === undefined ? undefined : parseDocument(schema, text, pathOf(name));
  };
  return {
    path,
    pathOf,
    find,
    read: async (schema, name) => (await find(schema, name)) ?? missing(pathOf(name)),
    named: async (prefix) => {
      const entries = (await world.files.list(path)) ?? [];
      const names = entries.map(({ name }) => name).filter((name) => name.startsWith(prefix) && name.endsWith('.json'));
      return names.map((name) => name.slice(0, -'.json'.length));
    },
  };
}

function missing(path: string): never {
  const cure = 'run the verb that writes it before, in this job, or download the artifact it was uploaded to';
  throw new Fault('document', `there is no file ${path}`, { where: path, cure });
}
