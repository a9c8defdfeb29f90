import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import { publicPagesAuthLevel } from '../app/services.ts';
import { statusReportOf } from '../app/statusReportOf.ts';
import { whenConfigured } from '../app/withServices.ts';

/** A badge for a README or a wiki: verdict and availability of one probe. */
export async function badge(request: HttpRequest): Promise<HttpResponseInit> {
  return whenConfigured(async (canary) => {
    const { renderBadge } = await import('../status/badge.ts');
    const name = request.params.name ?? '';
    const asked = canary.probes.filter((probe) => probe.name === name);
    return renderBadge(await statusReportOf({ ...canary, probes: asked }, new Date()), name);
  });
}

app.http('badge', { route: 'badges/{name}.svg', methods: ['GET'], authLevel: publicPagesAuthLevel(), handler: badge });
