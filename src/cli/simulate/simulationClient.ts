import { randomUUID } from 'node:crypto';
import type { Outcome } from '../../outcomes/outcome.ts';
import type { SimulationView } from '../../simulations/simulationView.ts';
import { optionError } from './simulateArguments.ts';

/** Client of an app's simulations API. */
export interface SimulationClient {
  /** @throws SimulationRefused if the app refuses the request, with its reasons. */
  start(request: unknown): Promise<SimulationView>;
  read(id: string): Promise<{ readonly view: SimulationView; readonly ended: boolean }>;
  cancel(id: string): Promise<void>;
  /** The outcomes of all devices, failures first. */
  outcomes(id: string): AsyncIterable<Outcome>;
}

/** A 4xx response. The same request would be refused again. */
export class SimulationRefused extends Error {
  override readonly name = 'SimulationRefused';
}

/** A long simulation should survive one or two broken connections. */
const attempts = 5;
const pauseMs = 1000;

export function createSimulationClient(appUrl: string, key: string): SimulationClient {
  const url = `${appUrl.replace(/\/+$/, '').replace(/\/api$/, '')}/api/simulations`;
  const call = async (
    method: string,
    path = '',
    init: { readonly body?: string; readonly headers?: Record<string, string> } = {},
  ) => {
    const headers = { 'x-functions-key': key, 'content-type': 'application/json', ...init.headers };
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await fetch(`${url}${path}`, { method, headers, ...(init.body && { body: init.body }) }).catch(
          (error: unknown) => Promise.reject(new Error(noResponse(url, error), { cause: error })),
        );
        const text = await response.text();
        if (response.status < 400) return { status: response.status, body: JSON.parse(text) as unknown };
        if (response.status < 500) throw new SimulationRefused(explain(response.status, text));
        if (attempt === attempts) throw new Error(explain(response.status, text));
      } catch (error) {
        if (error instanceof SimulationRefused || attempt === attempts) throw error;
      }
      await new Promise((resume) => setTimeout(resume, pauseMs));
    }
  };
  return {
    async start(request) {
      // One key for all attempts, so that a repeated request does not start a second simulation.
      const headers = { 'idempotency-key': randomUUID() };
      const { body } = await call('POST', '', { body: JSON.stringify(request), headers });
      return body as SimulationView;
    },
    async read(id) {
      const { status, body } = await call('GET', `/${id}`);
      return { view: body as SimulationView, ended: status === 200 };
    },
    async cancel(id) {
      await call('DELETE', `/${id}`);
    },
    async *outcomes(id) {
      let cursor: string | undefined = '';
      while (cursor !== undefined) {
        const { body } = await call('GET', `/${id}/outcomes?limit=1000&cursor=${cursor}`);
        const page = body as { readonly outcomes: readonly Outcome[]; readonly cursor?: string };
        yield* page.outcomes;
        cursor = page.cursor;
      }
    },
  };
}

/** The message of fetch is only "fetch failed"; the reason is in its cause. */
function noResponse(url: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const what = cause instanceof Error ? ('code' in cause ? cause.code : cause.message) : cause;
  return `${new URL(url).origin} does not respond (${String(what)}): check --url, and check that the app is running.`;
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer?: string; readonly detail: string }[];
}

/** The app's problem details (RFC 9457) with the options of the command line, or the status of a gateway in front of the app. */
function explain(status: number, text: string): string {
  if (status === 401) return 'The app does not accept the function key (401).';
  try {
    const { title, detail, errors = [] } = JSON.parse(text) as Problem;
    const lines = errors.flatMap(({ pointer, detail: why }) =>
      pointer === undefined ? [] : optionError(pointer.split('/')[1], why),
    );
    if (title && lines.length > 0 && status === 400) return lines.join('\n');
    if (title) return `${title} (${status}): ${detail ?? ''}`;
  } catch {
    // The body is not JSON, so only the status is known.
  }
  return `The app responded with ${status}.`;
}
