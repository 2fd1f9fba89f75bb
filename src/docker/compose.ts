// `docker compose` as argument lists, and the one place that runs them in a project folder.
import * as z from 'zod';
import { Fault } from '../fault.ts';
import type { Finished } from '../world/process.ts';
import type { World } from '../world/world.ts';

export interface ComposeProject {
  /** The project folder: relative paths, `.env` and the project's name come from it. */
  readonly folder: string;
  /** Compose files in their order, relative to the folder or absolute. */
  readonly files: readonly string[];
}

export interface CreateBeside {
  readonly service: string;
  /** How many containers of the service there will be: those that are there, and the new one. */
  readonly scale: number;
}

const COMPOSE_DEADLINE_MS = 120_000;
const PULL_DEADLINE_MS = 3_600_000;

/** Creates one more container of a service without touching or starting any other: the running one keeps serving. */
export function createBesideCommand(project: ComposeProject, { service, scale }: CreateBeside): readonly string[] {
  const only = ['--no-start', '--no-deps', '--no-recreate', '--no-build'];
  return [...composeCommand(project), 'up', ...only, '--scale', `${service}=${scale}`, service];
}

/** Replaces a service's container in place, for services that Compose can't scale. */
export function recreateCommand(project: ComposeProject, service: string): readonly string[] {
  return [...composeCommand(project), 'up', '--detach', '--no-deps', '--no-build', service];
}

export function renderCommand(project: ComposeProject): readonly string[] {
  return [...composeCommand(project), 'config', '--format', 'json'];
}

export function pullCommand(reference: string): readonly string[] {
  return ['docker', 'pull', reference];
}

/** What Compose makes of the project's files: its name, and every service in full. The values may be secrets. */
export const renderedSchema = z.object({
  name: z.string(),
  services: z.record(z.string(), z.record(z.string(), z.json())),
});
export type Rendered = z.infer<typeof renderedSchema>;

export interface Compose {
  render(project: ComposeProject, signal?: AbortSignal): Promise<Rendered>;
  createBeside(project: ComposeProject, create: CreateBeside, signal?: AbortSignal): Promise<void>;
  recreate(project: ComposeProject, service: string, signal?: AbortSignal): Promise<void>;
  /** Pulls `name@sha256:…` with the logins of this user's docker configuration. */
  pull(reference: string, onLine: (line: string) => void, signal?: AbortSignal): Promise<void>;
}

export function composeOf(world: World): Compose {
  const run = (command: readonly string[], cwd: string | undefined, signal?: AbortSignal): Promise<Finished> =>
    world.processes.run(command, {
      deadlineMs: COMPOSE_DEADLINE_MS,
      ...(cwd === undefined ? {} : { cwd }),
      ...(signal === undefined ? {} : { signal }),
    });
  return {
    render: async (project, signal) =>
      parseRendered((await run(renderCommand(project), project.folder, signal)).stdout, project),
    createBeside: async (project, create, signal) => {
      await run(createBesideCommand(project, create), project.folder, signal);
    },
    recreate: async (project, service, signal) => {
      await run(recreateCommand(project, service), project.folder, signal);
    },
    pull: (reference, onLine, signal) => pull(world, reference, onLine, signal),
  };
}

function composeCommand({ folder, files }: ComposeProject): readonly string[] {
  return ['docker', 'compose', '--project-directory', folder, ...files.flatMap((file) => ['--file', file])];
}

async function pull(
  world: World,
  reference: string,
  onLine: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stop = signal === undefined ? {} : { signal };
  await world.processes.run(pullCommand(reference), { deadlineMs: PULL_DEADLINE_MS, onLine, ...stop });
}

function parseRendered(text: string, { folder, files }: ComposeProject): Rendered {
  const parsed = renderedSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Fault('input', 'Compose rendered something that is not a project', {
    where: `${folder}: ${files.join(', ')}`,
    found: z.prettifyError(parsed.error),
  });
}
