import { randomUUID } from 'node:crypto';
import type { SimulationView } from '../simulations/simulationView.ts';

/** The simulations API of an app, as a caller sees it. */
export interface SimulationClient {
  /** @throws SimulationRefused where the app says no, with its own words. */
  start(request: unknown): Promise<SimulationView>;
  look(id: string): Promise<{ readonly view: SimulationView; readonly ended: boolean }>;
  cancel(id: string): Promise<void>;
}

/** A 4xx answer: asking again would not help. */
export class SimulationRefused extends Error {
  override readonly name = 'SimulationRefused';
}

/** A long simulation outlives a broken connection or two. */
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
          (error: unknown) => Promise.reject(new Error(noAnswer(url, error), { cause: error })),
        );
        const text = await response.text();
        if (response.status < 400) return { status: response.status, view: JSON.parse(text) as SimulationView };
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
      // One key for all attempts: however often the request arrives, it is one simulation.
      const headers = { 'idempotency-key': randomUUID() };
      return (await call('POST', '', { body: JSON.stringify(request), headers })).view;
    },
    async look(id) {
      const { status, view } = await call('GET', `/${id}`);
      return { view, ended: status === 200 };
    },
    async cancel(id) {
      await call('DELETE', `/${id}`);
    },
  };
}

/** fetch itself says "fetch failed", and keeps what happened in its cause. */
function noAnswer(url: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const what = cause instanceof Error ? ('code' in cause ? cause.code : cause.message) : cause;
  return `${new URL(url).origin} does not answer (${String(what)}): check --url, and that the app runs.`;
}

/** The app's problem details (RFC 9457), or what a gateway in front of it has said. */
function explain(status: number, text: string): string {
  if (status === 401) return 'The app does not accept the function key (401).';
  try {
    const { title, detail } = JSON.parse(text) as { readonly title?: string; readonly detail?: string };
    if (title) return `${title} (${status}): ${detail ?? ''}`;
  } catch {
    // Not JSON: the status is all there is.
  }
  return `The app answered ${status}.`;
}
