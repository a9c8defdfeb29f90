/** The host's listener: routes admin requests to the admin API, and all others to the HTTP functions. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HostError } from '../hostError.ts';
import { sendEmpty } from './httpMessage.ts';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

export interface HttpServer {
  readonly port: number;
  /** Accepts no new connections. Requests in progress may continue until `destroy`. */
  stopListening(): void;
  destroy(): Promise<void>;
}

/** Throws a HostError when the port cannot be opened. Port 0: any free port. */
export async function listenHttp(
  port: number,
  hostname: string,
  handlers: { readonly admin: RequestHandler; readonly functions: RequestHandler; readonly hasStatusPage: boolean },
): Promise<HttpServer> {
  const server = createServer((request, response) => {
    const url = requestUrl(request);
    if (url === undefined) {
      sendEmpty(response, 400);
      return;
    }
    if (url.pathname === '/' && handlers.hasStatusPage) {
      describeHome(response);
      return;
    }
    const handler = /^\/admin\//i.test(url.pathname) ? handlers.admin : handlers.functions;
    handler(request, response, url).catch(() => {
      // The client closed the connection, or a handler returned invalid headers.
      if (response.headersSent) response.destroy();
      else sendEmpty(response, 500);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, port, hostname)));
    server.listen(port, hostname, resolve);
  });
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stopListening() {
      server.close();
      server.closeIdleConnections();
    },
    async destroy() {
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** No redirect: it would lead to an empty 401, because no key is in the address, or give the key away. */
function describeHome(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.end('Open the URL of the status page that npm start printed: it contains the key.\n');
}

/** The absolute URL of a request as its caller wrote it; undefined when Host or path are invalid. */
function requestUrl(request: IncomingMessage): URL | undefined {
  const target = request.url ?? '/';
  if (!target.startsWith('/')) return undefined;
  const base = `http://${request.headers.host ?? 'localhost'}`;
  return URL.canParse(base + target) ? new URL(base + target) : undefined;
}

function listenError(cause: NodeJS.ErrnoException, port: number, hostname: string): HostError {
  const sentence =
    cause.code === 'EADDRINUSE'
      ? `Port ${port} on ${hostname} is in use: stop the other program, or choose another port with PORT.`
      : `Cannot listen on ${hostname}:${port} (${cause.code ?? cause.message}): choose another port with PORT.`;
  return new HostError(sentence, { cause });
}
