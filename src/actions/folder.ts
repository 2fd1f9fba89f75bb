// The folder in which documents travel from one action to the next, within a job as files and between jobs as an artifact.
import { join } from 'node:path';
import type * as z from 'zod';
import { parseDocument, showDocument } from '../documents/document.ts';
import { Fault } from '../fault.ts';
import type { World } from '../world/world.ts';

/** Not hidden: actions/upload-artifact leaves hidden files and folders out. */
const DEFAULT_FOLDER = 'rollout';

export interface DocumentFolder {
  readonly path: string;
  pathOf(name: string): string;
  /** Reads a document another verb wrote; throws Fault `document` when it is missing or torn. */
  read<S extends z.ZodType>(schema: S, name: string): Promise<z.output<S>>;
  /** As read, but undefined when there is none. */
  find<S extends z.ZodType>(schema: S, name: string): Promise<z.output<S> | undefined>;
  write(name: string, document: unknown): Promise<void>;
}

/** The folder named by the input, else `rollout` under the runner's temporary folder, else in the workspace. */
export function openFolder(world: World, input: string | undefined): DocumentFolder {
  const base = world.environment.variable('RUNNER_TEMP') ?? world.environment.variable('GITHUB_WORKSPACE') ?? '.';
  const path = input ?? join(base, DEFAULT_FOLDER);
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
    write: (name, document) => world.files.writeAtomic(pathOf(name), showDocument(document)),
  };
}

function missing(path: string): never {
  const cure = 'run the verb that writes it before, in this job, or download the artifact it was uploaded to';
  throw new Fault('document', `there is no file ${path}`, { where: path, cure });
}
