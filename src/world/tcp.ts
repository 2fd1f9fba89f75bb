// One TCP connection, opened and closed again, to learn whether somebody listens.
import { connect } from 'node:net';

export type Connection =
  | { readonly kind: 'open' }
  /** refused: the address is there and nobody listens; unreachable: no way there; timeout: no answer at all. */
  | { readonly kind: 'refused' | 'unreachable' | 'timeout'; readonly message: string };

export interface Sockets {
  tryConnect(host: string, port: number, deadlineMs: number): Promise<Connection>;
}

export const systemSockets: Sockets = {
  tryConnect: (host, port, deadlineMs) =>
    new Promise((resolve) => {
      const socket = connect({ host, port, timeout: deadlineMs });
      const settle = (connection: Connection): void => {
        socket.destroy();
        resolve(connection);
      };
      socket.once('connect', () => settle({ kind: 'open' }));
      socket.once('timeout', () => settle({ kind: 'timeout', message: `no connection within ${deadlineMs} ms` }));
      socket.once('error', (error) => settle({ kind: failureKind(error), message: error.message }));
    }),
};

function failureKind(error: Error): 'refused' | 'unreachable' {
  return 'code' in error && error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable';
}
