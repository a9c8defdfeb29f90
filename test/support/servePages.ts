import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PageResponse } from '../../src/status/page/pageResponse.ts';

export interface PageServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** A server with the one answer under test, so that a browser gets its headers as well as its body. */
export async function servePages(
  answer: (url: URL, headers: IncomingHttpHeaders) => PageResponse,
): Promise<PageServer> {
  const server = createServer((request, response) => {
    const { status, headers, body } = answer(new URL(request.url ?? '/', 'http://localhost'), request.headers);
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
