// The release before, out of the run that made it: what did not change since is kept, not built.
import { Fault, messageOf } from '../fault.ts';
import { artifactOfRun, fileOfArtifact, newestArtifact, type Artifact, type Repository } from '../github/artifacts.ts';
import { Secret } from '../world/secret.ts';
import type { World } from '../world/world.ts';

export interface PreviousQuestion {
  /** The id of a run, or `auto` for the last one that went well on the default branch. */
  readonly run: string;
  readonly token: string | undefined;
}

/** Both as rollout.yml uploads it. */
const ARTIFACT = 'rollout-release';
const FILE = 'release.json';
const CURE = 'leave previous-run away, or give the token and actions: read';

/** The text of the release document. With `auto` undefined when there is none; a run that is named must have one. */
export async function previousRelease(world: World, { run, token }: PreviousQuestion): Promise<string | undefined> {
  if (run !== 'auto') {
    const repository = repositoryOf(world, token);
    return fileOfArtifact(world, repository, await artifactNamed(world, repository, run), FILE);
  }
  try {
    return await lastRelease(world, repositoryOf(world, token));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    world.log.warn(`the release before was not found, everything is built: ${tell(error)}`);
    return undefined;
  }
}

async function lastRelease(world: World, repository: Repository): Promise<string | undefined> {
  const artifact = await newestArtifact(world, repository, ARTIFACT);
  if (artifact === undefined) {
    world.log.info('no rollout of the default branch has gone well and left a release: everything is built');
    return undefined;
  }
  const text = await fileOfArtifact(world, repository, artifact, FILE);
  world.log.info(`the release before is that of run ${artifact.run}`);
  return text;
}

async function artifactNamed(world: World, repository: Repository, run: string): Promise<Artifact> {
  if (!/^\d+$/.test(run)) {
    throw new Fault('usage', 'previous-run is no run', { expected: 'auto, or the id of a run', found: run });
  }
  const artifact = await artifactOfRun(world, repository, { run: Number(run), name: ARTIFACT });
  if (artifact !== undefined) return artifact;
  throw new Fault('document', `run ${run} has no artifact ${ARTIFACT}, or none any more`, {
    where: repository.name,
    cure: 'name a run that rolled out, or leave previous-run to auto',
  });
}

function repositoryOf({ environment }: World, token: string | undefined): Repository {
  const name = environment.variable('GITHUB_REPOSITORY');
  if (name !== undefined && token !== undefined) return { name, token: new Secret(token) };
  const missing = name === undefined ? 'the variable GITHUB_REPOSITORY' : 'the input token';
  throw new Fault('usage', `${missing} is missing`, { expected: 'a repository and a token to ask with', cure: CURE });
}

function tell(error: Fault): string {
  const { found } = error.detail;
  return found === undefined ? messageOf(error) : `${messageOf(error)} (${found})`;
}
