// The artifacts of a repository's runs: which is the newest of a rollout that went well, and what is in one.
import * as z from 'zod';
import { Fault } from '../fault.ts';
import type { HttpAnswer } from '../world/http.ts';
import type { Secret } from '../world/secret.ts';
import type { World } from '../world/world.ts';
import { fileInArchive } from './archive.ts';

export interface Repository {
  /** `acme/fleet` */
  readonly name: string;
  /** Needs `actions: read`. */
  readonly token: Secret;
}

export interface Artifact {
  readonly id: number;
  /** The run that made it. */
  readonly run: number;
}

const GITHUB_API = 'https://api.github.com';
const API_VERSION = '2022-11-28';
const DEADLINE_MS = 30_000;
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;
const ARCHIVE_MAX_BYTES = 64 * 1024 * 1024;
/** Of the newest artifacts, as many are asked for their run: older releases are worth little to compare with. */
const RUNS_ASKED = 20;
const OF_STRANGERS = new Set(['pull_request', 'pull_request_target']);

const repositorySchema = z.looseObject({ default_branch: z.string() });
const artifactSchema = z.looseObject({
  id: z.number(),
  expired: z.boolean(),
  created_at: z.string().nullable(),
  workflow_run: z
    .looseObject({
      id: z.number(),
      repository_id: z.number(),
      head_repository_id: z.number(),
      head_branch: z.string().nullable(),
    })
    .nullable(),
});
const artifactsSchema = z.looseObject({ artifacts: z.array(artifactSchema) });
const runSchema = z.looseObject({ event: z.string(), conclusion: z.string().nullable() });

/** The newest artifact of that name that a successful run on the default branch left; a fork's never counts. */
export async function newestArtifact(
  world: World,
  repository: Repository,
  name: string,
): Promise<Artifact | undefined> {
  const { default_branch: branch } = await ask(world, repository, '', repositorySchema);
  const { artifacts } = await ask(world, repository, `/actions/artifacts?per_page=100&${named(name)}`, artifactsSchema);
  const newestFirst = artifacts.toSorted((a, b) => ((a.created_at ?? '') < (b.created_at ?? '') ? 1 : -1));
  const own = newestFirst.flatMap(({ id, expired, workflow_run: run }) => {
    const isOwn = run?.head_branch === branch && run.head_repository_id === run.repository_id;
    return isOwn && !expired ? [{ id, run: run.id }] : [];
  });
  for (const artifact of own.slice(0, RUNS_ASKED)) {
    const { event, conclusion } = await ask(world, repository, `/actions/runs/${artifact.run}`, runSchema);
    if (conclusion === 'success' && !OF_STRANGERS.has(event)) return artifact;
  }
  return undefined;
}

/** The artifact of that name that the run left; undefined when it has none, or none any more. */
export async function artifactOfRun(
  world: World,
  repository: Repository,
  { run, name }: { readonly run: number; readonly name: string },
): Promise<Artifact | undefined> {
  const path = `/actions/runs/${run}/artifacts?${named(name)}`;
  const { artifacts } = await ask(world, repository, path, artifactsSchema);
  const found = artifacts.find(({ expired }) => !expired);
  return found === undefined ? undefined : { id: found.id, run };
}

/** One file of an artifact. Throws Fault `document` when the artifact has no such file. */
export async function fileOfArtifact(
  world: World,
  repository: Repository,
  { id, run }: Artifact,
  file: string,
): Promise<string> {
  const sent = await send(world, repository, `/actions/artifacts/${id}/zip`);
  const limits = { deadlineMs: DEADLINE_MS, maxBytes: ARCHIVE_MAX_BYTES };
  const { location } = sent.headers;
  // The storage gets the address it gave out, and no token of ours.
  const answer = location === undefined ? sent : await world.http.request({ method: 'GET', url: location, ...limits });
  if (answer.status !== 200) throw refused(`the storage of the artifacts of run ${run}`, answer);
  const bytes = fileInArchive(answer.body, file);
  if (bytes !== undefined) return Buffer.from(bytes).toString('utf8');
  throw new Fault('document', `the artifact of run ${run} has no ${file}`, { expected: `${file} in it` });
}

function named(name: string): string {
  return `name=${encodeURIComponent(name)}`;
}

async function ask<S extends z.ZodType>(
  world: World,
  repository: Repository,
  path: string,
  schema: S,
): Promise<z.output<S>> {
  const answer = await send(world, repository, path);
  if (answer.status !== 200) throw refused(`${repository.name}${path}`, answer);
  const parsed = schema.safeParse(jsonOrUndefined(answer.body));
  if (parsed.success) return parsed.data;
  throw new Fault('network', 'GitHub answered in a shape that is not known', {
    where: `${repository.name}${path}`,
    found: z.prettifyError(parsed.error),
  });
}

function send(world: World, { name, token }: Repository, path: string): Promise<HttpAnswer> {
  const api = world.environment.variable('GITHUB_API_URL') ?? GITHUB_API;
  return world.http.request({
    method: 'GET',
    url: `${api}/repos/${name}${path}`,
    headers: {
      accept: 'application/vnd.github+json',
      'user-agent': 'rollout-action',
      'x-github-api-version': API_VERSION,
    },
    authorization: { kind: 'bearer', token },
    deadlineMs: DEADLINE_MS,
    maxBytes: ANSWER_MAX_BYTES,
  });
}

const messageSchema = z.looseObject({ message: z.string() });

function refused(where: string, { status, body }: HttpAnswer): Fault {
  const said = messageSchema.safeParse(jsonOrUndefined(body)).data?.message;
  return new Fault(status === 401 || status === 403 ? 'auth' : 'network', 'GitHub did not answer as it should', {
    where,
    expected: 'status 200',
    found: `status ${status}${said === undefined ? '' : `: ${said}`}`,
    cure: 'give the job actions: read, and name a run of this repository',
  });
}

function jsonOrUndefined(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
