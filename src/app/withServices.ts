import type { HttpResponseInit } from '@azure/functions';
import { problem } from '../http/problem.ts';
import { type Services, services } from './services.ts';

/** Calls `respond` with the app's services; with an invalid configuration, responds 503 and lists its errors. */
export async function withServices(
  respond: (services: Services) => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  const configured = services();
  if (configured.kind === 'configured') return respond(configured.services);
  return problem({
    status: 503,
    title: 'The configuration has errors',
    detail: 'Fix the settings listed in `errors`. `npm run validate` checks them the same way.',
    errors: configured.errors.map(({ path, message }) => ({ setting: path, detail: message })),
  });
}
