// Which Node this program runs on: an older one starts it, and then fails in the middle of the work.
import { Fault } from '../fault.ts';

/** As `engines` of package.json says: what the HTTP client and this program's own text need. */
export const OLDEST_NODE = 24;

/** Throws Fault `unsupported` for a Node that is too old; `version` is as `process.version` says, `v24.1.0`. */
export function refuseOldNode(version: string, program: string): void {
  const major = Number(/^v(\d+)\./.exec(version)?.[1]);
  if (major >= OLDEST_NODE) return;
  throw new Fault('unsupported', `rollout does not run on Node ${version}`, {
    where: program,
    expected: `Node ${OLDEST_NODE} or newer`,
    found: version,
    cure: `install Node ${OLDEST_NODE}, or start this with one that is there`,
  });
}
