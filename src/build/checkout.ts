// The commit that is checked out must be the plan's: tags and labels name that one, and images would be of another.
import { resolve } from 'node:path';
import { Fault } from '../fault.ts';
import type { World } from '../world/world.ts';

const GIT_DEADLINE_MS = 60_000;
const SHORT_SHA = 7;

/** Throws Fault `input` when `root` is at another commit than `revision`, or git can't tell. */
export async function requireCheckoutAt(world: World, root: string, revision: string): Promise<void> {
  const asked = await world.processes.attempt(['git', 'rev-parse', '--verify', 'HEAD'], {
    deadlineMs: GIT_DEADLINE_MS,
    cwd: root,
  });
  const where = resolve(root);
  if (asked.exitCode !== 0) {
    throw new Fault('input', 'git does not tell which commit is checked out', {
      where,
      expected: `the commit of the plan, ${revision}`,
      found: asked.stderr.trim(),
      cure: 'name the repository with --root; in a workflow check it out with actions/checkout',
    });
  }
  const head = asked.stdout.trim();
  if (head === revision) return;
  throw new Fault('input', `the plan is of ${short(revision)}, the checkout is at ${short(head)}`, {
    where,
    expected: `${revision}: tags and labels of the images name it`,
    found: head,
    cure: `plan again, or check out the plan's commit: git checkout ${revision}`,
  });
}

function short(commit: string): string {
  return commit.slice(0, SHORT_SHA);
}
