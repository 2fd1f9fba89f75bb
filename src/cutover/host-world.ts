// The world as a host's cutover needs it: the common one, and what only a machine that is cut over has to offer.
import type { Locks } from '../world/lock.ts';
import type { Sockets } from '../world/tcp.ts';
import type { World } from '../world/world.ts';

export interface HostWorld extends World {
  readonly locks: Locks;
  readonly sockets: Sockets;
}
