/** Servers in front of a stand-in that show a misbehaviour on request. */
import { once } from 'node:events';
import { createServer as createHttp, request as httpRequest, type RequestListener } from 'node:http';
import { createServer as createHttps, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Misbehaviour } from './dependencies.ts';

const responses: Readonly<Record<Misbehaviour, RequestListener>> = {
  silent: () => undefined,
  forbidden: (_, response) => response.writeHead(403).end(),
  notFound: (_, response) => response.writeHead(404).end(),
  throttledSeconds: (_, response) => response.writeHead(429, { 'retry-after': '30' }).end(),
  throttledDate: (_, response) =>
    response.writeHead(429, { 'retry-after': new Date(Date.now() + 30_000).toUTCString() }).end(),
  unavailable: (_, response) => response.writeHead(503).end(),
  html: (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>a proxy</html>'),
  slow(_, response) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(timer));
  },
  // A TLS socket cannot be reset, so it is closed without a close_notify.
  reset: ({ socket }) => void ('encrypted' in socket ? socket.destroy() : socket.resetAndDestroy()),
};

export interface Front {
  readonly port: number;
  /** From the next request on; undefined: requests are forwarded to the stand-in. */
  away: Misbehaviour | undefined;
  /** Called once, with the next request, before it is handled. */
  onNextRequest: (() => void) | undefined;
  close(): void;
}

export interface FrontOptions {
  /** URL of the stand-in; undefined: this server accepts everything. */
  readonly target?: string;
  /** HTTPS with this certificate. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** Overrides `away` for a request: of a stand-in that the whole process shares. */
  readonly awayFor?: (url: URL) => Misbehaviour | undefined;
}

export async function startFront({ target, certificate, awayFor }: FrontOptions): Promise<Front> {
  const serve: RequestListener = (request, response) => {
    const notify = front.onNextRequest;
    front.onNextRequest = undefined;
    notify?.();
    response.on('error', () => undefined);
    const how = awayFor?.(new URL(request.url ?? '/', 'http://localhost')) ?? front.away;
    if (how !== undefined) responses[how](request, response);
    else if (target === undefined) request.resume().on('end', () => response.end());
    else forward(target, request, response);
  };
  const server = certificate ? createHttps(certificate, serve) : createHttp(serve);
  // Otherwise a client may use an idle connection at the moment in which it is closed.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const front: Front = {
    port: (server.address() as AddressInfo).port,
    away: undefined,
    onNextRequest: undefined,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return front;
}

function forward(target: string, ...[request, response]: Parameters<RequestListener>): void {
  const send = target.startsWith('https') ? httpsRequest : httpRequest;
  const { method, headers, url = '/' } = request;
  const onwards = send(new URL(url, target), { method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onwards.on('error', () => response.destroy());
  request.pipe(onwards);
}
