import { app, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as z from 'zod/mini';
import { cacheFor } from '../app/cacheFor.ts';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { publicPagesAuthLevel, type Services, services } from '../app/services.ts';
import { statusReportOf } from '../app/statusReportOf.ts';
import { withServices } from '../app/withServices.ts';
import type { Probe } from '../config/probe.ts';
import { nextDueTime } from '../config/schedule.ts';
import type { OutcomeHistory } from '../history/history.ts';
import { negotiateFormat, type PageFormat, pageResponse } from '../http/pageResponse.ts';
import { unknownProbe } from '../http/probeProblems.ts';
import { json, problem } from '../http/problem.ts';
import { wholeNumber } from '../http/query.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import type { PageContext } from '../status/page/pageContext.ts';
import type { StatusReport } from '../status/report/statusReport.ts';

const refreshExpected = 'expected off, or a whole number of seconds from 5 to 3600';
const statusQuery = z.object({
  probe: z.optional(z.string()),
  run: z.optional(z.string()),
  tag: z.optional(z.string()),
  location: z.optional(z.string()),
  refresh: z.optional(z.union([z.literal('off'), wholeNumber(5, 3600, refreshExpected)], { error: refreshExpected })),
});

/** The status page as HTML, or its data as JSON, by `Accept`. With an invalid configuration it lists the errors. */
export async function status({ request, query, invocation }: Call<typeof statusQuery>): Promise<HttpResponseInit> {
  const format = negotiateFormat(request.headers.get('accept') ?? undefined);
  if (format === undefined) return notAcceptable;
  const now = new Date();
  const configured = services();
  if (configured.kind === 'misconfigured' && format === 'html') {
    const { renderConfigurationErrorPage } = await import('../status/page/configurationErrorPage.ts');
    const page = renderConfigurationErrorPage({ generatedAt: now.toISOString(), errors: configured.errors });
    return pageResponse(page, 503);
  }
  return withServices(async (services) => {
    const { pageContextOf } = await import('../status/page/pageContext.ts');
    const isAnonymous = services.settings.statusPageAuth === 'anonymous';
    const page = pageContextOf(query, request.query.get('code') || undefined, isAnonymous);
    const report = await statusReportOf(services, now);
    const { run } = page;
    const isKnown = page.probe === undefined || services.probes.some(({ name }) => name === page.probe);
    if (run !== undefined && isKnown) return oneRun(services, report, { ...page, run }, format);
    return format === 'json' ? reportAsJson(services, report, page) : reportAsPage(services, report, page, invocation);
  });
}

/** A run whose ID has no time in it is searched for among all runs of its probe. */
const runTimeoutMs = 6_000;

const notAcceptable = problem({
  status: 406,
  title: 'Not acceptable',
  detail: 'This address returns text/html or application/json.',
});

async function reportAsJson(services: Services, report: StatusReport, page: PageContext): Promise<HttpResponseInit> {
  const { filterReport, findProbe } = await import('../status/report/filterReport.ts');
  const headers = { Vary: 'Accept', 'X-Content-Type-Options': 'nosniff' };
  const { probe: name } = page;
  if (name === undefined) return json(filterReport(report, page), { headers });
  const probe = findProbe(report, name, page.location);
  return probe === undefined ? unknownProbe(name, services.probes, { parameter: 'probe' }) : json(probe, { headers });
}

async function reportAsPage(
  services: Services,
  report: StatusReport,
  page: PageContext,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  if (page.probe !== undefined) {
    const { renderProbePage } = await import('../status/page/probe/probePage.ts');
    return pageResponse(renderProbePage(report, page.probe, page));
  }
  const { renderStatusPage } = await import('../status/page/overview/statusPage.ts');
  const section = report.storageFault === undefined && (await simulationsOf(services, page, context));
  const nextRunAt = nextDueTime(services.settings.probeSchedule, new Date(report.generatedAt))?.toISOString();
  const options = { context: page, sections: section ? [section] : [], ...(nextRunAt && { nextRunAt }) };
  return pageResponse(renderStatusPage(report, options));
}

/** One run, as a page or as its Outcome. An anonymous status page never shows a single run. */
async function oneRun(
  { probes, history }: Services,
  report: StatusReport,
  page: PageContext & { readonly run: string },
  format: PageFormat,
): Promise<HttpResponseInit> {
  const [{ renderNoSuchRun, renderRunPage }, { findProbe }] = await Promise.all([
    import('../status/page/run/runPage.ts'),
    import('../status/report/filterReport.ts'),
  ]);
  const isShown = page.access !== 'public' && history !== undefined;
  const candidates = probes.filter(({ name }) => page.probe === undefined || page.probe === name);
  const outcome = isShown ? await findRun(history, candidates, page) : undefined;
  if (format === 'json') return outcome === undefined ? noSuchRun : json(outcome, { headers: { Vary: 'Accept' } });
  const probe = outcome && findProbe(report, outcome.probe, outcome.location);
  const options = { report, probe, context: page };
  return pageResponse(outcome === undefined ? renderNoSuchRun(page.run, options) : renderRunPage(outcome, options));
}

const noSuchRun = problem({
  status: 404,
  title: 'No such run',
  detail: 'It does not exist, or its retention period has passed.',
  errors: [{ parameter: 'run', detail: 'expected the ID of a run in the history' }],
});

/** At one location, or at all of them. */
async function findRun(
  history: OutcomeHistory,
  probes: readonly Probe[],
  { run, location }: PageContext & { readonly run: string },
): Promise<Outcome | undefined> {
  const signal = AbortSignal.timeout(runTimeoutMs);
  const locations = location === undefined ? await history.locations(signal) : [location];
  const found = await Promise.all(
    locations.flatMap((at) => probes.map(({ name }) => history.at(at).find(name, run, signal))),
  );
  return found.find((outcome) => outcome !== undefined);
}

/** Each reader of a running simulation reloads the page every five seconds. */
const simulationsMaxAgeMs = 3_000;

const recentViews = cacheFor(simulationsMaxAgeMs, async (services, _now, invocation: InvocationContext) => {
  const [{ openSimulations }, { recentSimulations }] = await Promise.all([
    import('../simulations/store/openSimulations.ts'),
    import('../status/page/simulations/simulationsSection.ts'),
  ]);
  const simulations = openSimulations(services, invocation);
  return simulations ? recentSimulations(simulations) : [];
});

/** Undefined when there are none, or when they cannot be read; the log then has a warning. */
async function simulationsOf(services: Services, page: PageContext, invocation: InvocationContext) {
  const now = new Date();
  try {
    const { simulationsSection } = await import('../status/page/simulations/simulationsSection.ts');
    return simulationsSection(await recentViews(services, now, invocation), now.toISOString(), page);
  } catch (error) {
    invocation.warn(`The page shows no simulations: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

app.http(
  'status',
  httpRoute({
    route: 'status',
    methods: ['GET'],
    authLevel: publicPagesAuthLevel(),
    query: statusQuery,
    handler: status,
  }),
);
