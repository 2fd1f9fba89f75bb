// Reads what a configuration is made from: rollout.yml, the compose files it names, and the Dockerfiles of the repository.
import { join } from 'node:path';
import type { Finding } from '../documents/findings.ts';
import { Fault } from '../fault.ts';
import type { World } from '../world/world.ts';
import { complain, type Complaint } from './complain.ts';
import { parseCompose, type ComposeFile } from './compose.ts';
import { isDockerfile, openDockerfiles, readRepository } from './repository.ts';
import { parseRolloutFile } from './rollout-file.ts';
import type { RolloutFile } from './schema.ts';
import type { Reading } from './sheet.ts';
import { insideRoot, readSource } from './source-file.ts';
import type { YamlFile } from './yaml-file.ts';

export type Read =
  | { readonly kind: 'read'; readonly reading: Reading; readonly findings: readonly Finding[] }
  | { readonly kind: 'broken'; readonly findings: readonly Finding[] };

/** Reads all there is. Throws Fault `usage` when there is no folder at the root. */
export async function readAll(world: World, root: string, file: string): Promise<Read> {
  const opened = await openRolloutFile(world, root, file);
  if (opened.kind === 'broken') return opened;
  const parsed = parseRolloutFile(opened.text, opened.file);
  if (parsed.kind === 'broken') return parsed;
  const { rollout, yaml } = parsed;
  const repository = await readRepository(world, root);
  const { composes, findings } = await readComposes(world, root, rollout, yaml);
  const paths = [...repository.files.filter(isDockerfile), ...dockerfilesSaid(rollout, composes)];
  const { parsed: dockerfiles, refused } = await openDockerfiles(world, root, paths);
  return { kind: 'read', reading: { rollout, yaml, repository, composes, dockerfiles, refused }, findings };
}

type Opened =
  | { readonly kind: 'opened'; readonly file: string; readonly text: string }
  | { readonly kind: 'broken'; readonly findings: readonly Finding[] };

async function openRolloutFile(world: World, root: string, written: string): Promise<Opened> {
  await mustBeFolder(world, root);
  const file = insideRoot(root, written) ?? written;
  const source = await readSource(world, root, file);
  if (source.kind === 'read') return { kind: 'opened', file, text: source.text };
  const complaint = source.kind === 'refused' ? source.complaint : await noRolloutFile(world, root, file);
  return { kind: 'broken', findings: [complain('RC007', { file, line: 1, column: 1 }, complaint)] };
}

async function mustBeFolder(world: World, root: string): Promise<void> {
  const facts = await world.files.facts(root);
  if (facts?.kind === 'folder') return;
  throw new Fault('usage', facts === undefined ? `there is no folder ${root}` : `${root} is not a folder`, {
    where: root,
    expected: 'the root of the repository',
    cure: 'mend --root, or leave it away to take the folder you are in',
  });
}

async function noRolloutFile(world: World, root: string, file: string): Promise<Complaint> {
  const message = `there is no ${file}`;
  const expected = 'the file that describes the fleet';
  const other = await otherEnding(world, root, file);
  if (other !== undefined) {
    return { message, expected, got: other, cure: `rename it to ${file}, or say --config ${other}` };
  }
  const cure = 'write it (docs/configuration.md has the smallest one), or name another with --config';
  return { message, expected, got: 'no such file', cure };
}

/** The file with the other ending of YAML, where that one is there: `rollout.yaml` for `rollout.yml`. */
export async function otherEnding(world: World, root: string, file: string): Promise<string | undefined> {
  const other = file.endsWith('.yml') ? file.replace(/\.yml$/, '.yaml') : file.replace(/\.yaml$/, '.yml');
  const facts = other === file ? undefined : await world.files.facts(join(root, other));
  return facts?.kind === 'file' ? other : undefined;
}

interface Composes {
  readonly composes: ReadonlyMap<string, ComposeFile>;
  readonly findings: readonly Finding[];
}

async function readComposes(world: World, root: string, rollout: RolloutFile, yaml: YamlFile): Promise<Composes> {
  const machines = Object.entries(rollout.machines);
  // Two machines may share one compose file: it is read, and its findings are told, once.
  const paths = [...new Set(machines.map(([, { compose }]) => compose))];
  const read = await Promise.all(paths.map(async (path) => [path, await readSource(world, root, path)] as const));
  const sources = new Map(read);
  const parsed = new Map(
    read.flatMap(([path, source]) => (source.kind === 'read' ? [[path, parseCompose(source.text, path)]] : [])),
  );
  const unread = machines.flatMap(([machine, { compose }]) => {
    const source = sources.get(compose);
    if (source === undefined || source.kind === 'read') return [];
    const complaint = source.kind === 'refused' ? source.complaint : noCompose(machine, compose);
    return [complain('RC007', yaml.at(['machines', machine, 'compose']), complaint)];
  });
  const pairs = machines.flatMap(([machine, { compose }]) => {
    const file = parsed.get(compose);
    return file === undefined ? [] : [[machine, file] as const];
  });
  return {
    composes: new Map(pairs),
    findings: [...unread, ...[...parsed.values()].flatMap((file) => file.findings)],
  };
}

function noCompose(machine: string, compose: string): Complaint {
  return {
    message: `there is no compose file ${compose}`,
    expected: `the compose file of ${machine}`,
    got: 'no such file',
    cure: 'mend the path; it is relative to the root of the repository',
  };
}

function dockerfilesSaid(rollout: RolloutFile, composes: ReadonlyMap<string, ComposeFile>): readonly string[] {
  const inFile = [
    ...Object.values(rollout.images ?? {}),
    ...Object.values(rollout.services ?? {}).map(({ build }) => build),
  ];
  const inCompose = [...composes.values()].flatMap(({ file, services }) =>
    services.flatMap(({ build }) =>
      build === undefined ? [] : [join(file, '..', build.context, build.dockerfile ?? 'Dockerfile')],
    ),
  );
  return [...inFile.flatMap((build) => build?.dockerfile ?? []), ...inCompose];
}
