import type { HttpResponseInit } from '@azure/functions';
import { problem } from '../http/problem.ts';
import { type Services, services } from './services.ts';

/** Answers with the canary, or with every fault of the configuration: a route of a misconfigured app says so itself. */
export async function withServices(
  answer: (services: Services) => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  const configured = services();
  if (configured.kind === 'configured') return answer(configured.services);
  return problem({
    status: 503,
    title: 'The configuration has faults',
    detail: 'Mend the settings listed under faults; npm run validate reads them as the app does.',
    faults: configured.faults,
  });
}
