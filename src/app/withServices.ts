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
    title: 'The configuration has errors',
    detail: 'Fix the settings listed in `errors`. `npm run validate` checks them the same way.',
    faults: configured.errors,
  });
}
