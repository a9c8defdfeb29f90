/**
 * The host's admin API: runs any function now.
 * https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
 */
import { z } from 'zod';
import { type HostKeys, isAuthorized } from './http/httpKeys.ts';
import { readBody } from './http/httpMessage.ts';
import type { RequestHandler } from './http/httpServer.ts';

const bodyLimitBytes = 1_048_576;

const bodySchema = z.object({ input: z.string().default('') });

/** Starts a function with a given input, without waiting for it. */
export type RunNow = (input: string) => void;

/** `POST /admin/functions/NAME` with the master key and `{"input":""}`: 202, and the function runs. */
export function createAdminHandler(runnable: ReadonlyMap<string, RunNow>, keys: HostKeys): RequestHandler {
  const byName = new Map([...runnable].map(([name, run]) => [name.toLowerCase(), run]));
  return async (request, response, url) => {
    if (!isAuthorized('admin', request, url, keys)) {
      response.writeHead(401).end();
      return;
    }
    const name = /^\/admin\/functions\/([^/]+)\/?$/i.exec(url.pathname)?.[1];
    const run = byName.get(name?.toLowerCase() ?? '');
    if (run === undefined || request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    const body = parseAdminBody(await readBody(request, bodyLimitBytes));
    if (body === undefined) {
      response.writeHead(400, { 'content-type': 'text/plain', connection: 'close' });
      response.end('The body must be JSON like {"input":""}.\n');
      return;
    }
    run(body.input);
    response.writeHead(202).end();
  };
}

function parseAdminBody(body: Buffer | undefined): z.infer<typeof bodySchema> | undefined {
  if (body === undefined) return undefined;
  try {
    return bodySchema.parse(JSON.parse(body.toString('utf8') || '{}'));
  } catch {
    return undefined;
  }
}
