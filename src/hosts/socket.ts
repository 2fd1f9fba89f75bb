// Where the engine of this machine listens.
import { Fault } from '../fault.ts';

const DEFAULT_SOCKET = '/var/run/docker.sock';

/** The path in DOCKER_HOST, or the usual one. Throws Fault `unsupported` for anything but a unix socket. */
export function socketPath(dockerHost: string | undefined): string {
  if (dockerHost === undefined) return DEFAULT_SOCKET;
  if (dockerHost.startsWith('unix://')) return dockerHost.slice('unix://'.length);
  throw new Fault('unsupported', 'the cutover speaks to the engine of its own machine only', {
    where: 'DOCKER_HOST',
    expected: 'unix:///path/to/docker.sock',
    found: dockerHost,
    cure: 'run this on the machine itself; from a terminal elsewhere, give the machine a `reach` in rollout.yml',
  });
}
