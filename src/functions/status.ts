import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { publicPagesAuthLevel, type Services, services } from '../app/services.ts';
import { statusReportOf } from '../app/statusReportOf.ts';
import { withServices } from '../app/withServices.ts';
import { nextTick } from '../config/schedule.ts';
import { negotiateFormat, pageResponse } from '../http/pageResponse.ts';
import { unknownProbe } from '../http/probeNamed.ts';
import { json, problem } from '../http/problem.ts';
import type { PageQuery } from '../status/page/pageQuery.ts';
import type { StatusReport } from '../status/report/statusReport.ts';

/** The page for people, or its data by `Accept`. Without a valid configuration it lists the errors. */
export async function status(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
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
    const { parsePageQuery } = await import('../status/page/pageQuery.ts');
    const query = parsePageQuery(new URLSearchParams(request.query.toString()));
    const report = await statusReportOf(services, now);
    return format === 'json' ? reportAsJson(services, report, query) : reportAsPage(services, report, query, context);
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
  return probe === undefined ? unknownProbe(services, name) : json(probe, { headers });
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
    const simulations = await openSimulations(services, invocation);
    return simulations && simulationsSection(await recentSimulations(simulations), generatedAt, query);
  } catch (error) {
    invocation.warn(`The page shows no simulations: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

app.http('status', { route: 'status', methods: ['GET'], authLevel: publicPagesAuthLevel(), handler: status });
