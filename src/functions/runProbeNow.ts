import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { observationOf } from '../app/runContext.ts';
import { whenConfigured } from '../app/withServices.ts';
import { parseJson } from '../http/parseJson.ts';
import { probeNamed, unknownProbe } from '../http/probeNamed.ts';
import { json, problem } from '../http/problem.ts';
import { readFlag } from '../http/readFlag.ts';
import { observeProbe } from '../probes/runAndRecord.ts';

/** Runs one probe now. `?gate=true` makes it a step of a pipeline: 503 when a device could not provision, or nobody could look. */
export async function runProbeNow(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  return whenConfigured(async (canary) => {
    const probe = probeNamed(canary, request.params.name);
    if (!probe) return unknownProbe(canary, request.params.name);
    const gate = readFlag(request.query, 'gate');
    if (gate.kind === 'neither') return gate.response;
    // Nothing is taken from a body; some pipelines' gates send one all the same, and then it has to be JSON.
    const body = await request.text();
    if (body.trim() !== '' && parseJson(body) === undefined) return notJson;
    const outcome = await observeProbe(probe, observationOf(canary, 'http', context));
    const shut = outcome.verdict === 'failing' || outcome.verdict === 'unknown';
    return json(outcome, { status: shut && gate.value ? 503 : 200 });
  });
}

const notJson = problem({
  status: 400,
  title: 'The body is no JSON',
  faults: [{ path: 'body', message: 'expected JSON, or no body at all' }],
});

app.http('runProbeNow', {
  route: 'probes/{name}/runs',
  methods: ['POST'],
  authLevel: 'function',
  handler: runProbeNow,
});
