import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import { publicPagesAuthLevel } from '../app/services.ts';
import { statusReportOf } from '../app/statusReportOf.ts';
import { withServices } from '../app/withServices.ts';

/** A badge for a README or a wiki: verdict and availability of one probe. */
export async function badge(request: HttpRequest): Promise<HttpResponseInit> {
  return withServices(async (services) => {
    const { renderBadge } = await import('../status/badge.ts');
    const name = request.params.name ?? '';
    const asked = services.probes.filter((probe) => probe.name === name);
    return renderBadge(await statusReportOf({ ...services, probes: asked }, new Date()), name);
  });
}

app.http('badge', { route: 'badges/{name}.svg', methods: ['GET'], authLevel: publicPagesAuthLevel(), handler: badge });
