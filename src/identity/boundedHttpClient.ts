import { createDefaultHttpClient, type HttpClient } from '@azure/core-rest-pipeline';

/** A secret has at most 25 KB (learn.microsoft.com/azure/key-vault/general/service-limits), a token a few. */
const maxResponseBytes = 256 * 1024;

/** The longest run: nothing waits for a response after that. */
const maxResponseMs = 220_000;

/**
 * The default client of the Azure libraries, with limits for responses. It has none: a server that sends without end, or a small response
 * that decompresses to gigabytes, would fill the memory until the run's deadline. A request for a token cannot be aborted, so that one
 * whose response never ends would stay open for ever.
 */
export function boundedHttpClient(): HttpClient {
  const client = createDefaultHttpClient();
  return {
    async sendRequest(request) {
      const { abortSignal } = request;
      const timeUp = AbortSignal.timeout(maxResponseMs);
      request.abortSignal = abortSignal instanceof AbortSignal ? AbortSignal.any([abortSignal, timeUp]) : timeUp;
      // Of every status: the client then returns the body as a stream, and does not read it.
      request.streamResponseStatusCodes = new Set([Number.POSITIVE_INFINITY]);
      const { readableStreamBody, ...response } = await client.sendRequest(request);
      return { ...response, bodyAsText: await readText(readableStreamBody) };
    },
  };
}

/** Leaving the loop early destroys the stream, and with it the connection. */
async function readText(body: NodeJS.ReadableStream | undefined): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxResponseBytes) throw new Error(`a response of more than ${maxResponseBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
