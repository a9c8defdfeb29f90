import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { observationOf } from '../canary/observationOf.ts';
import { whenConfigured } from '../canary/whenConfigured.ts';
import { probeNamed, unknownProbe } from '../http/probeNamed.ts';
import { json } from '../http/problem.ts';
import { observeProbe } from '../probes/observeProbe.ts';

/** Runs one probe now. `?gate=true` makes it a step of a pipeline: 503 when a device could not provision, or nobody could look. */
export async function runProbeNow(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  return whenConfigured(async (canary) => {
    const probe = probeNamed(canary, request.params.name);
    if (!probe) return unknownProbe(canary, request.params.name);
    const outcome = await observeProbe(probe, observationOf(canary, 'http', context));
    const shut = outcome.verdict === 'failing' || outcome.verdict === 'unknown';
    return json(outcome, { status: shut && request.query.get('gate') === 'true' ? 503 : 200 });
  });
}

app.http('runProbeNow', {
  route: 'probes/{name}/runs',
  methods: ['POST'],
  authLevel: 'function',
  handler: runProbeNow,
});
