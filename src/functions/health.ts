import { app, type HttpResponseInit } from '@azure/functions';
import { checkHealth } from '../app/checkHealth.ts';
import { httpRoute } from '../app/httpRoute.ts';
import { services } from '../app/services.ts';
import { json } from '../http/problem.ts';

/** Whether this app can read its configuration, its vault and its storage: 200, or 503 with the check that failed. */
export async function health(): Promise<HttpResponseInit> {
  const report = await checkHealth(services());
  return json(report, { status: report.status === 'healthy' ? 200 : 503 });
}

app.http('health', httpRoute({ route: 'health', methods: ['GET'], authLevel: 'function', handler: health }));
