import { app, type HttpResponseInit } from '@azure/functions';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { publicPagesAuthLevel } from '../app/services.ts';
import { statusReportOf } from '../app/statusReportOf.ts';
import { withServices } from '../app/withServices.ts';

/**
 * A badge changes at most once a minute, with the timer. Image proxies, such as GitHub's, cache a badge for as long as these headers allow.
 */
const headers = {
  'Content-Type': 'image/svg+xml; charset=utf-8',
  'Cache-Control': 'max-age=60, must-revalidate',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'X-Content-Type-Options': 'nosniff',
} as const;

/** A badge for a README or a wiki: state and availability of one probe. */
export async function badge({ request }: Call): Promise<HttpResponseInit> {
  return withServices(async (services) => {
    const { renderBadge } = await import('../status/badge.ts');
    const { found, svg } = renderBadge(await statusReportOf(services, new Date()), request.params.name ?? '');
    return { status: found ? 200 : 404, headers, body: svg };
  });
}

app.http(
  'badge',
  httpRoute({ route: 'badges/{name}.svg', methods: ['GET'], authLevel: publicPagesAuthLevel(), handler: badge }),
);
