import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { publicPagesAuthLevel, services } from '../app/services.ts';
import { statusReportOf } from '../app/statusReportOf.ts';
import { withServices } from '../app/withServices.ts';
import { nextTick } from '../config/schedule.ts';

/** The page people look at, or its data by `Accept`. Says itself when there is nothing to look at, and why. */
export async function status(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { negotiateStatus, statusResponse } = await import('../status/page/statusResponse.ts');
  const accept = request.headers.get('accept') ?? undefined;
  const now = new Date();
  const configured = services();
  if (configured.kind === 'misconfigured' && negotiateStatus(accept) === 'html') {
    const { renderConfigurationFaultPage } = await import('../status/page/configurationFaultPage.ts');
    return renderConfigurationFaultPage({ generatedAt: now.toISOString(), location: '', faults: configured.errors });
  }
  return withServices(async (ready) => {
    const report = await statusReportOf(ready, now);
    const query = new URLSearchParams(request.query.toString());
    const { statusPageSections } = await import('../status/page/simulations/statusPageSections.ts');
    const isOverview = negotiateStatus(accept) === 'html' && !query.has('probe');
    const sections = isOverview && !report.storageFault ? await statusPageSections(ready, context, report, query) : [];
    const nextTickAt = nextTick(ready.settings.probeSchedule, now)?.toISOString();
    return statusResponse(report, { accept, query }, { sections, ...(nextTickAt && { nextTickAt }) });
  });
}

app.http('status', { route: 'status', methods: ['GET'], authLevel: publicPagesAuthLevel(), handler: status });
