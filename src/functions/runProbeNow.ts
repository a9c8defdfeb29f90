import { app, type HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { createRunContext } from '../app/runContext.ts';
import { withServices } from '../app/withServices.ts';
import { deviceBusy } from '../http/deviceBusy.ts';
import { json, problem } from '../http/problem.ts';
import { flag } from '../http/query.ts';
import { unknownProbe } from '../http/unknownProbe.ts';

const runQuery = z.object({ gate: flag });

/** Runs one probe now. `?gate=true` makes it a step of a pipeline: 503 when the verdict is failing or unknown. */
export async function runProbeNow({ request, query, invocation }: Call<typeof runQuery>): Promise<HttpResponseInit> {
  return withServices(async (services) => {
    const { name = '' } = request.params;
    const probe = services.probes.find((configured) => configured.name === name);
    if (!probe) return unknownProbe(name, services.probes);
    // Nothing is read from a body. Some pipelines' gates send one nevertheless, and then it has to be JSON.
    const { readJsonBody } = await import('../http/jsonBody.ts');
    const body = await readJsonBody(request);
    if (body.kind === 'invalid') {
      return problem({ status: 400, title: 'The body is not valid JSON', errors: body.errors });
    }
    const { runAndRecord } = await import('../probes/runAndRecord.ts');
    const result = await runAndRecord(probe, createRunContext(services, 'http', invocation), { joins: true });
    if (result.kind === 'busy') return deviceBusy(probe, result, 409);
    const { outcome } = result;
    const isClosed = outcome.verdict === 'failing' || outcome.verdict === 'unknown';
    return json(outcome, { status: isClosed && query.gate ? 503 : 200 });
  });
}

app.http(
  'runProbeNow',
  httpRoute({
    route: 'probes/{name}/runs',
    methods: ['POST'],
    authLevel: 'function',
    query: runQuery,
    takes: 'run',
    handler: runProbeNow,
  }),
);
