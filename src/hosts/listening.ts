// Which TCP ports somebody listens on, as the kernel lists them in /proc/net/tcp.

/** https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html */
const LISTEN = '0A';

/** Ports in state LISTEN of one or more tables' texts. */
export function listeningPorts(...tables: readonly (string | undefined)[]): ReadonlySet<number> {
  const rows = tables.flatMap((table) => (table ?? '').split('\n').slice(1));
  return new Set(rows.flatMap(listeningPort));
}

function listeningPort(row: string): number[] {
  const [, local, , state] = row.trim().split(/\s+/);
  const port = local?.split(':').at(-1);
  return state === LISTEN && port !== undefined ? [Number.parseInt(port, 16)] : [];
}
