import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { createRunContext } from '../app/runContext.ts';
import { withServices } from '../app/withServices.ts';
import { parseJson } from '../http/parseJson.ts';
import { probeNamed, unknownProbe } from '../http/probeNamed.ts';
import { json, problem } from '../http/problem.ts';
import { readFlag } from '../http/readFlag.ts';
import { runAndRecord } from '../probes/runAndRecord.ts';

/** Runs one probe now. `?gate=true` makes it a step of a pipeline: 503 when a device could not provision, or nobody could look. */
export async function runProbeNow(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  return withServices(async (services) => {
    const probe = probeNamed(services, request.params.name);
    if (!probe) return unknownProbe(services, request.params.name);
    const gate = readFlag(request.query, 'gate');
    if (gate.kind === 'neither') return gate.response;
    // Nothing is taken from a body; some pipelines' gates send one all the same, and then it has to be JSON.
    const body = await request.text();
    if (body.trim() !== '' && parseJson(body) === undefined) return notJson;
    const outcome = await runAndRecord(probe, createRunContext(services, 'http', context));
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
