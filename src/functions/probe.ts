import { app, type HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { createRunContext } from '../app/runContext.ts';
import { withServices } from '../app/withServices.ts';
import { flag } from '../http/query.ts';
import { unknownProbe } from '../http/unknownProbe.ts';
import { runAndRecord } from '../probes/runAndRecord.ts';

const probeQuery = z.object({
  target: z.string({ error: 'expected the name of a probe, as in /api/probe?target=NAME' }),
  debug: flag,
});

/** Prometheus's multi-target pattern: runs the target now, and responds with its metrics. HEAD runs nothing. */
export async function probe({ request, query, invocation }: Call<typeof probeQuery>): Promise<HttpResponseInit> {
  return withServices(async (services) => {
    const { target, debug = false } = query;
    const configured = services.probes.find(({ name }) => name === target);
    if (!configured) return unknownProbe(target, services.probes, { parameter: 'target' });
    const { metricsContentType, renderProbe } = await import('../telemetry/prometheus/prometheus.ts');
    const headers = { 'content-type': metricsContentType };
    if (request.method === 'HEAD') return { headers };
    const outcome = await runAndRecord(configured, createRunContext(services, 'http', invocation));
    return { headers, body: await renderProbe(outcome, { debug }) };
  });
}

app.http(
  'probe',
  httpRoute({
    route: 'probe',
    methods: ['GET'],
    authLevel: 'function',
    query: probeQuery,
    takes: 'run',
    handler: probe,
  }),
);
