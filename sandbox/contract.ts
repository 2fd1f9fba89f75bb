// What a running sandbox tells the rest of the project about itself, and where its files lie.
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { DEFAULT_NAME, descriptionPath } from './places.ts';

const host = z.object({
  address: z.string(),
  /** The engine's socket as the root namespace sees it; inside the host it is /var/run/docker.sock. */
  socket: z.string(),
  /** The host's /srv as the root namespace sees it. */
  srv: z.string(),
  runner: z.object({ uid: z.number(), gid: z.number() }),
  /** A command prefix that runs what follows inside the host as its user `runner`. */
  exec: z.array(z.string()),
  /** The same as root of the host. */
  execRoot: z.array(z.string()),
});

const sandbox = z.object({
  name: z.string(),
  registry: z.object({
    address: z.string(),
    ca: z.string(),
    user: z.string(),
    password: z.string(),
    /** One JSON object per line: {at, client, method, path, status, bytes}. */
    accessLog: z.string(),
  }),
  /** accessLog: one JSON object per line: {at, client, method, path, status, bytes}. */
  index: z.object({ url: z.string(), accessLog: z.string() }),
  hosts: z.object({ mainpc: host, pc2: host }),
  builder: z.object({ socket: z.string(), endpoint: z.string(), name: z.string() }),
  tools: z.object({
    /** The folder to put first on PATH. */
    path: z.string(),
    docker: z.string(),
    crane: z.string(),
    versions: z.record(z.string(), z.string()),
  }),
  /** What a process in the root namespace needs to build and push, besides tools.path on its PATH. */
  environment: z.record(z.string(), z.string()),
});

export type Sandbox = Readonly<z.infer<typeof sandbox>>;
export type HostName = keyof Sandbox['hosts'];

/** The description that `up` wrote last. Throws when there is no sandbox of that name or it is of another version. */
export async function readSandbox(name: string = DEFAULT_NAME): Promise<Sandbox> {
  const path = descriptionPath(name);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`no sandbox "${name}" is up: ${path} is missing; start it: npm run sandbox -- up --name ${name}`, {
      cause,
    });
  });
  return sandbox.parse(JSON.parse(text));
}

/** The environment of a process in the root namespace that builds and pushes. */
export function buildEnvironment(
  described: Sandbox,
  base: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const inherited = Object.entries(base).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  const path = `${described.tools.path}:${base['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`;
  return { ...Object.fromEntries(inherited), ...described.environment, PATH: path };
}
