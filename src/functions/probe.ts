import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { createRunContext } from '../app/runContext.ts';
import { withServices } from '../app/withServices.ts';
import { probeNamed, unknownProbe } from '../http/probeNamed.ts';
import { problem } from '../http/problem.ts';
import { readFlag } from '../http/readFlag.ts';
import { runAndRecord } from '../probes/runAndRecord.ts';

/** Prometheus's multi-target pattern: runs the target now, and answers with its metrics. */
export async function probe(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  return withServices(async (services) => {
    const target = request.query.get('target');
    if (!target) return noTarget;
    const configured = probeNamed(services, target);
    if (!configured) return unknownProbe(services, target);
    const debug = readFlag(request.query, 'debug');
    if (debug.kind === 'neither') return debug.response;
    const outcome = await runAndRecord(configured, createRunContext(services, 'http', context));
    const { metricsContentType, renderProbe } = await import('../telemetry/prometheus/prometheus.ts');
    return {
      headers: { 'content-type': metricsContentType },
      body: await renderProbe(outcome, { debug: debug.value }),
    };
  });
}

const noTarget = problem({
  status: 400,
  title: 'Which probe?',
  faults: [{ path: 'target', message: 'expected the name of a probe, as in /api/probe?target=NAME' }],
});

app.http('probe', { route: 'probe', methods: ['GET'], authLevel: 'function', handler: probe });
