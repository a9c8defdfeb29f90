import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import * as z from 'zod/mini';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { createRunContext } from '../app/runContext.ts';
import type { Services } from '../app/services.ts';
import { withServices } from '../app/withServices.ts';
import { negotiateFormat, pageResponse } from '../http/pageResponse.ts';
import { deviceBusy, unknownProbe } from '../http/probeProblems.ts';
import { invalidRequest, json } from '../http/problem.ts';
import { flag } from '../http/query.ts';
import type { Outcome } from '../outcomes/outcome.ts';

const runQuery = z.object({ gate: flag });

/** Runs one probe now. `?gate=true` makes it a step of a pipeline: 503 when the verdict is failing or unknown. */
export async function runProbeNow({ request, query, invocation }: Call<typeof runQuery>): Promise<HttpResponseInit> {
  return withServices(async (services) => {
    const { name = '' } = request.params;
    const probe = services.probes.find((configured) => configured.name === name);
    if (!probe) return unknownProbe(name, services.probes);
    // The body is not used. Some pipelines' gates send one; it must be valid JSON then.
    const { readJsonBody } = await import('../http/jsonBody.ts');
    const body = await readJsonBody(request);
    if (body.kind === 'invalid') return invalidRequest(body.errors);
    const isForm = !query.gate && asksForPage(request, services);
    const { runAndRecord } = await import('../probes/runAndRecord.ts');
    const result = await runAndRecord(probe, createRunContext(services, 'http', invocation), { joins: true });
    if (result.kind === 'busy') {
      return isForm ? busyPage(request, services, probe.name, result) : deviceBusy(probe, result, 409);
    }
    const { outcome } = result;
    if (isForm) return toRunPage(request, outcome);
    const isClosed = outcome.verdict === 'failing' || outcome.verdict === 'unknown';
    return json(outcome, { status: isClosed && query.gate ? 503 : 200 });
  });
}

/** True for the form on a page that was opened with a key: its browser asks for HTML. An anonymous status page never shows a single run. */
function asksForPage(request: HttpRequest, { settings, history }: Services): boolean {
  const format = negotiateFormat(request.headers.get('accept') ?? undefined, 'json');
  return format === 'html' && settings.statusPageAuth === 'function' && history !== undefined;
}

/** 303 See Other (RFC 9110 §15.4.4), relative to `/api/probes/NAME/runs`: reloading the run's page does not run the probe again. */
function toRunPage(request: HttpRequest, { probe, location, runId }: Outcome): HttpResponseInit {
  const code = request.query.get('code');
  const parameters = new URLSearchParams({ probe, location, run: runId, ...(code !== null && { code }) });
  return { status: 303, headers: { Location: `../../status?${parameters}`, 'Cache-Control': 'no-store' } };
}

async function busyPage(
  request: HttpRequest,
  { settings: { location } }: Services,
  name: string,
  { retryAfterSeconds }: { readonly retryAfterSeconds: number },
): Promise<HttpResponseInit> {
  const [{ renderMessagePage }, { pageLink }] = await Promise.all([
    import('../status/page/messagePage.ts'),
    import('../status/page/pageContext.ts'),
  ]);
  const context = { access: 'run', code: request.query.get('code') ?? undefined, root: '../../' } as const;
  const message = {
    title: `Another process is running ${name}`,
    text: `Nothing was started. Try again in ${retryAfterSeconds} s.`,
    link: { href: pageLink(context, { probe: name, location }), words: `Page of ${name}` },
  };
  const page = pageResponse(
    renderMessagePage(message, { generatedAt: new Date().toISOString(), location }, context),
    409,
  );
  return { ...page, headers: { ...page.headers, 'Retry-After': String(retryAfterSeconds) } };
}

app.http(
  'runProbeNow',
  httpRoute({
    route: 'probes/{name}/runs',
    methods: ['POST'],
    authLevel: 'function',
    query: runQuery,
    limitedBy: 'run',
    handler: runProbeNow,
  }),
);
