// One release, verb by verb, each through its document, as a workflow or an operator would run it.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildEnvironment, type Sandbox } from '../sandbox/contract.ts';
import { attempt, call, ROLLOUT, say } from './stage.ts';
import type { Workshop } from './workshop.ts';

type DocumentName = 'findings' | 'plan' | 'release' | 'verification' | 'publication' | 'fleet';

export interface ReleaseOptions {
  readonly sandbox: Sandbox;
  readonly workshop: Workshop;
  /** Where the documents and the evidence go. */
  readonly folder: string;
  /** The folder of the release before, and the revision it was made of. */
  readonly previous?: { readonly folder: string; readonly revision: string };
  /** Done between publish and cutover, with the path of the release document. */
  readonly beforeCutover?: (release: string) => Promise<void>;
}

/** Validates, plans, builds, verifies, publishes, cuts over and reports; returns the exit code of the cutover. */
export async function rollOut(options: ReleaseOptions): Promise<number> {
  const { workshop, previous } = options;
  await mkdir(options.folder, { recursive: true });
  const documents = documentsIn(options.folder);
  const { findings, plan, release, verification, publication, fleet } = documents;
  const verb = (...args: string[]): Promise<string> => call([...ROLLOUT, ...args], context(options));

  await verb('validate', workshop.folder, '--format', 'json', '--output', findings);
  const since =
    previous === undefined ? [] : ['--since', previous.revision, '--previous', join(previous.folder, 'release.json')];
  await verb('plan', '--root', workshop.folder, ...since, '--output', plan);
  await verb('build', '--root', workshop.folder, '--plan', plan, ...indexOf(options.sandbox), '--output', release);
  await verb('verify', '--release', release, '--output', verification);
  await verb('publish', '--release', release, '--verification', verification, '--output', publication);
  await options.beforeCutover?.(release);
  const cutover = await attempt([...ROLLOUT, 'cutover', '--release', release, '--output', fleet], context(options));
  say(`the cutover ended with exit code ${cutover.exitCode}`);
  const flags = Object.entries(documents).flatMap(([name, file]) => [`--${name}`, file]);
  await attempt([...ROLLOUT, 'report', ...flags, '--output-dir', options.folder], context(options));
  return cutover.exitCode;
}

/** Where each verb writes its document. */
export function documentsIn(folder: string): Readonly<Record<DocumentName, string>> {
  const path = (name: DocumentName): string => join(folder, `${name}.json`);
  return {
    findings: path('findings'),
    plan: path('plan'),
    release: path('release'),
    verification: path('verification'),
    publication: path('publication'),
    fleet: path('fleet'),
  };
}

function context(options: ReleaseOptions): { environment: Record<string, string>; show: true } {
  return { environment: buildEnvironment(options.sandbox), show: true };
}

/** The sandbox's package index, as a team with a private one hands it to its builds. */
function indexOf(sandbox: Sandbox): string[] {
  const { hostname } = new URL(sandbox.index.url);
  return ['--build-arg', `PIP_INDEX_URL=${sandbox.index.url}`, '--build-arg', `PIP_TRUSTED_HOST=${hostname}`];
}
