import { once } from 'node:events';
import type { Server } from 'node:http';

export interface Listening {
  readonly port: number;
  /** Closes the listener and every connection, including pending requests. */
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1, on a free port by default. Rejects with a sentence when the port is in use; `what` is the listener's name in it.
 */
export async function listen(server: Server, what: string, port = 0): Promise<Listening> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    const inUse = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    const advice = inUse ? 'the port is in use. Stop the program that uses it, or choose another port.' : String(cause);
    throw new Error(`${what} cannot listen on 127.0.0.1:${port}: ${advice}`, { cause });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error(`${what} listens on ${address}, which is not a TCP port.`);
  }
  return {
    port: address.port,
    async close() {
      if (!server.listening) {
        return;
      }
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
