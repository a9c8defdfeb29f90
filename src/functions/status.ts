import { app, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as z from 'zod';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { publicPagesAuthLevel, type Services, services } from '../app/services.ts';
import { statusReportOf } from '../app/statusReportOf.ts';
import { withServices } from '../app/withServices.ts';
import { nextTick } from '../config/schedule.ts';
import { negotiateFormat, pageResponse } from '../http/pageResponse.ts';
import { json, problem } from '../http/problem.ts';
import { unknownProbe } from '../http/unknownProbe.ts';
import type { PageQuery } from '../status/page/pageQuery.ts';
import type { StatusReport } from '../status/report/statusReport.ts';

const statusQuery = z.object({
  probe: z.string().optional(),
  refresh: z.literal('off', { error: 'expected off' }).optional(),
});

/** The page for people, or its data by `Accept`. Without a valid configuration it lists the errors. */
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
    const report = await statusReportOf(services, now);
    if (format === 'json') return reportAsJson(services, report, query);
    const { parsePageQuery } = await import('../status/page/pageQuery.ts');
    return reportAsPage(services, report, parsePageQuery(new URLSearchParams(request.query.toString())), invocation);
  });
}

const notAcceptable = problem({
  status: 406,
  title: 'Not acceptable',
  detail: 'This address returns text/html or application/json.',
});

function reportAsJson(services: Services, report: StatusReport, { probe: name }: PageQuery): HttpResponseInit {
  const headers = { Vary: 'Accept', 'X-Content-Type-Options': 'nosniff' };
  if (name === undefined) return json(report, { headers });
  const probe = report.probes.find((candidate) => candidate.name === name);
  return probe === undefined ? unknownProbe(name, services.probes, { parameter: 'probe' }) : json(probe, { headers });
}

async function reportAsPage(
  services: Services,
  report: StatusReport,
  query: PageQuery,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  if (query.probe !== undefined) {
    const { renderProbePage } = await import('../status/page/probe/probePage.ts');
    return pageResponse(renderProbePage(report, query.probe, query));
  }
  const { renderStatusPage } = await import('../status/page/overview/statusPage.ts');
  const section = report.storageFault === undefined && (await simulationsOf(services, report, query, context));
  const nextRunAt = nextTick(services.settings.probeSchedule, new Date(report.generatedAt))?.toISOString();
  const options = { query, sections: section ? [section] : [], ...(nextRunAt && { nextRunAt }) };
  return pageResponse(renderStatusPage(report, options));
}

/** Undefined where there are none, or where they cannot be read, which the log then reports. */
async function simulationsOf(
  services: Services,
  { generatedAt }: StatusReport,
  query: PageQuery,
  invocation: InvocationContext,
) {
  try {
    const [{ openSimulations }, { recentSimulations, simulationsSection }] = await Promise.all([
      import('../simulations/store/openSimulations.ts'),
      import('../status/page/simulations/simulationsSection.ts'),
    ]);
    const simulations = openSimulations(services, invocation);
    return simulations && simulationsSection(await recentSimulations(simulations), generatedAt, query);
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
