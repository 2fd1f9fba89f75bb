// The documents a command is given: from a file, standard input or a pipe of the shell, parsed, or a fault that says how to make them.
import type * as z from 'zod';
import { documentName, parseDocument, writerOf } from '../documents/document.ts';
import { Fault } from '../fault.ts';
import { descriptorOf, readDescriptor } from '../world/pipe.ts';
import type { World } from '../world/world.ts';

/** The document at a path, `-` being standard input. Throws Fault `document` when there is none or another one. */
export async function readDocument<S extends z.ZodType>(world: World, schema: S, path: string): Promise<z.output<S>> {
  const document = await findDocument(world, schema, path);
  if (document !== undefined) return document;
  const name = documentName(schema);
  const writer = name === undefined ? undefined : writerOf(name);
  throw new Fault('document', `there is no file ${path}`, {
    where: path,
    ...(name === undefined ? {} : { expected: `a ${name} document` }),
    cure:
      writer === undefined ? 'name the file the verb before wrote' : `name the document that this writes: ${writer}`,
  });
}

/** As readDocument, but undefined when there is no such file. */
export async function findDocument<S extends z.ZodType>(
  world: World,
  schema: S,
  path: string,
): Promise<z.output<S> | undefined> {
  const descriptor = descriptorOf(path);
  const text = descriptor === undefined ? await world.files.readText(path) : await readDescriptor(descriptor);
  if (text === undefined) return undefined;
  return parseDocument(schema, text, descriptor === 0 ? 'standard input' : path);
}
