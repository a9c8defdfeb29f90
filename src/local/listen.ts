import { once } from 'node:events';
import type { Server } from 'node:http';

export interface Listening {
  readonly port: number;
  /** Ends every connection, the unanswered ones too, and resolves when nothing is left. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, on a free port by default. Rejects with a sentence when the port is taken; `what` names the listener in it. */
export async function listen(server: Server, what: string, port = 0): Promise<Listening> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    const advice = taken ? 'the port is in use. Stop what listens there, or choose another port.' : String(cause);
    throw new Error(`${what} cannot listen on 127.0.0.1:${port}: ${advice}`, { cause });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error(`${what} listens on ${address}, which is no TCP port.`);
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
