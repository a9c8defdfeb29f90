/** Converts between HTTP messages and the worker's RpcHttpData. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { RpcHttpData, RpcTypedData } from '../coreTypes.ts';

/** Reads a body up to a limit. Undefined when it is longer; the rest is unread, so close the connection. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return undefined;
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    lengthBytes += chunk.length;
    if (lengthBytes > limitBytes) return undefined;
  }
  return Buffer.concat(chunks);
}

/** Names are lower-case; repeated headers and query values are joined with a comma; empty query values are preserved. */
export function toRpcHttp(
  request: IncomingMessage,
  url: URL,
  params: Readonly<Record<string, string>>,
  body: Buffer,
): RpcHttpData {
  const headers = Object.entries(request.headersDistinct).map(
    ([name, values]) => [name, values?.join(',') ?? ''] as const,
  );
  const query = [...new Set(url.searchParams.keys())].map(
    (name) => [name, url.searchParams.getAll(name).join(',')] as const,
  );
  return {
    method: request.method ?? 'GET',
    url: url.href,
    nullableHeaders: nullable(headers),
    nullableQuery: nullable(query),
    nullableParams: nullable(Object.entries(params)),
    ...(body.length > 0 && { body: { bytes: body } }),
  };
}

function nullable(entries: readonly (readonly [string, string])[]): Record<string, { value: string }> {
  return Object.fromEntries(entries.map(([name, value]) => [name, { value }]));
}

/** Sends a handler's return value; without one, 204, as in the real host. Node omits the body for HEAD. */
export function sendRpcHttp(response: ServerResponse, returnValue: RpcTypedData | null | undefined): void {
  const http = returnValue?.http;
  if (http === undefined) {
    response.writeHead(204).end();
    return;
  }
  const body = http.body?.bytes;
  const status = Number(http.statusCode ?? 200);
  if (body === undefined || body.length === 0) {
    sendEmpty(response, status, { ...http.headers });
    return;
  }
  response.writeHead(status, { ...http.headers });
  response.end(body);
}

/** As the real host, with `Content-Length: 0` if the status allows a body. By default Node would use chunked encoding. */
export function sendEmpty(response: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
  const hasLength = status !== 204 && status !== 304 && status >= 200;
  response.writeHead(status, { ...headers, ...(hasLength && { 'content-length': 0 }) }).end();
}
