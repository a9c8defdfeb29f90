import { app, type HttpResponseInit } from '@azure/functions';
import * as z from 'zod/mini';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { createRunContext } from '../app/runContext.ts';
import { withServices } from '../app/withServices.ts';
import { timeoutMs } from '../config/probe.ts';
import { deviceBusy, unknownProbe } from '../http/probeProblems.ts';
import { flag } from '../http/query.ts';

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
    const longestWaitMs = requestLimitMs - timeoutMs(configured);
    const askedMs = scrapeTimeoutMs(request.headers.get('x-prometheus-scrape-timeout-seconds'));
    const maxWaitMs = Math.min(askedMs, longestWaitMs);
    const context = createRunContext(services, 'http', invocation);
    const { runAndRecord } = await import('../probes/runAndRecord.ts');
    const result = await runAndRecord(configured, context, { joins: true, maxWaitMs });
    if (result.kind === 'busy') return deviceBusy(configured, result, 503);
    return { headers, body: await renderProbe(result.outcome, { debug }) };
  });
}

/** Azure's load balancer ends a request after 230 s: a wait and the run after it must end before that. */
const requestLimitMs = 225_000;
/** Respond a little before Prometheus gives up, so that it still reads the response. */
const scrapeReserveMs = 500;

/** 0, which means not to wait, when the header is missing or is not a number. */
function scrapeTimeoutMs(seconds: string | null): number {
  const timeoutMs = Number(seconds ?? 0) * 1000;
  return Number.isFinite(timeoutMs) ? Math.max(0, timeoutMs - scrapeReserveMs) : 0;
}

app.http(
  'probe',
  httpRoute({
    route: 'probe',
    methods: ['GET'],
    authLevel: 'function',
    query: probeQuery,
    limitedBy: 'run',
    handler: probe,
  }),
);
