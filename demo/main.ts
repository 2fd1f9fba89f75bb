// `npm run demo`: a real fleet on two real Docker hosts, from hand-run containers through three releases.
import { readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { readSandbox } from '../sandbox/contract.ts';
import { adopt, arrangeToday, installHosts } from './hosts.ts';
import { Proof } from './proof.ts';
import { documentsIn, rollOut } from './release.ts';
import { call, headline, REPOSITORY, say } from './stage.ts';
import { commit, edit, openWorkshop } from './workshop.ts';

const SANDBOX = [process.execPath, join(REPOSITORY, 'sandbox/main.ts')] as const;
const EXIT = { done: 0, rolledBack: 4 } as const;

const { values } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    name: { type: 'string', default: 'demo' },
    out: { type: 'string', default: join(REPOSITORY, 'out/demo') },
  },
});
process.exitCode = await demonstrate(values);

async function demonstrate(options: { name: string; keep: boolean; out: string }): Promise<number> {
  const { name, keep, out } = options;
  try {
    headline('Raise the sandbox: two Docker hosts, a registry, a package index');
    await call([...SANDBOX, 'up', '--name', name], { show: true });
    const proof = await threeReleases(name, out);
    headline(proof.allTrue ? 'All three releases ended as they should' : 'Something did not end as it should');
    for (const line of proof.lines) say(line);
    return proof.allTrue ? EXIT.done : 1;
  } catch (error) {
    headline('The demonstration stopped');
    say(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    if (keep) say(`the sandbox stays up; end it with: npm run sandbox -- down --name ${name}`);
    else await call([...SANDBOX, 'down', '--name', name], { show: true });
  }
}

async function threeReleases(name: string, out: string): Promise<Proof> {
  const sandbox = await readSandbox(name);
  await rm(out, { recursive: true, force: true });
  const workshop = await openWorkshop(sandbox);
  const fleet = { sandbox, workshop };
  const folder = (release: string): string => join(out, release);

  headline('Today: containers started by hand on mainpc, one crashed, one unhealthy');
  await arrangeToday(sandbox, workshop);
  await installHosts(sandbox);
  const proof = new Proof(sandbox, workshop.registry);
  await proof.rememberTreasures();
  say((await call([sandbox.tools.docker, '--host', `unix://${sandbox.hosts.mainpc.socket}`, 'ps', '-a'])).trimEnd());

  headline('Release 1: the whole fleet, taking over what runs today');
  const revision1 = await call(['git', 'rev-parse', 'HEAD'], { cwd: workshop.folder });
  const release1 = { ...fleet, folder: folder('release-1') };
  const code1 = await rollOut({ ...release1, beforeCutover: (release) => adopt(sandbox, release) });
  proof.equal('release 1 was cut over', code1, EXIT.done);
  await proof.runs('after release 1', await tagOf(release1.folder));

  headline('Release 2: one service and one requirement change');
  await changeServiceAndRequirement(workshop.folder);
  const revision2 = await commit(workshop.folder, 'Count events anew, and cut batches with fleetkit 1.1.0');
  const before2 = await proof.look();
  const release2 = { ...fleet, folder: folder('release-2') };
  const code2 = await rollOut({ ...release2, previous: { folder: release1.folder, revision: revision1.trim() } });
  proof.equal('release 2 was cut over', code2, EXIT.done);
  await proof.runs('after release 2', await tagOf(release2.folder));
  await proof.onlyMoved(before2, ['model_ops_coordinator', 'unified_observability_center']);

  headline('Release 3: the canary turns unhealthy');
  await edit(workshop.folder, 'model_ops_coordinator/fault.json', /"kind": *"none"/, '"kind": "late-unhealthy"');
  await commit(workshop.folder, 'Break the coordinator');
  const before3 = await proof.look();
  const release3 = { ...fleet, folder: folder('release-3') };
  const code3 = await rollOut({ ...release3, previous: { folder: release2.folder, revision: revision2 } });
  proof.equal('release 3 was rolled back', code3, EXIT.rolledBack);
  await proof.sameImagesAs(before3);
  await proof.runs('after the rollback', await tagOf(release2.folder));

  headline('What must not have changed');
  await proof.treasuresAreUntouched();
  await proof.plainUpChangesNothing();
  for (const one of ['release-1', 'release-2', 'release-3']) {
    say(`evidence: ${relative(process.cwd(), folder(one))}/evidence.json and summary.md`);
  }
  return proof;
}

async function changeServiceAndRequirement(folder: string): Promise<void> {
  const hashes = await readFile(join(REPOSITORY, 'sandbox/packages/HASHES.txt'), 'utf8');
  const hash = /^([0-9a-f]{64}) {2}fleetkit-1\.1\.0-/m.exec(hashes)?.[1];
  if (hash === undefined) throw new Error('sandbox/packages/HASHES.txt has no fleetkit 1.1.0');
  const [locked, hashLine] = [/fleetkit==1\.0\.0/, /--hash=sha256:[0-9a-f]{64}/];
  await edit(folder, 'model_ops_coordinator/requirements.in', locked, 'fleetkit==1.1.0');
  await edit(folder, 'model_ops_coordinator/requirements.lock', locked, 'fleetkit==1.1.0');
  await edit(folder, 'model_ops_coordinator/requirements.lock', hashLine, `--hash=sha256:${hash}`);
  const source = 'unified_observability_center/unified_observability_center/__init__.py';
  await edit(folder, source, /__version__ = ".*"/, '__version__ = "2.0.0"');
}

async function tagOf(folder: string): Promise<string> {
  const release: unknown = JSON.parse(await readFile(documentsIn(folder).release, 'utf8'));
  if (typeof release === 'object' && release !== null && 'tag' in release) return String(release.tag);
  throw new Error(`${folder} has no release`);
}
