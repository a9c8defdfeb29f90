import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pageResponse } from '../../src/http/pageResponse.ts';
import type { RenderedPage } from '../../src/status/page/pageShell.ts';

export interface PageServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** A server with the one page under test (404 for undefined), so that a browser gets its headers as well as its body. */
export async function servePages(
  render: (url: URL, headers: IncomingHttpHeaders) => RenderedPage | undefined,
): Promise<PageServer> {
  const server = createServer((request, response) => {
    const page = render(new URL(request.url ?? '/', 'http://localhost'), request.headers);
    if (page === undefined) response.writeHead(404).end();
    else {
      const { status, headers, body } = pageResponse(page);
      response.writeHead(status ?? 200, headers as Record<string, string>).end(body);
    }
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
