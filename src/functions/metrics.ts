import { app, type HttpResponseInit } from '@azure/functions';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { publicPagesAuthLevel } from '../app/services.ts';
import { version } from '../app/version.ts';
import { withServices } from '../app/withServices.ts';
import { latestOutcomes } from '../history/latestOutcomes.ts';
import { problem } from '../http/problem.ts';

/** The last outcome of every probe as Prometheus text. When the storage cannot be read, the scrape fails; it is never empty. */
export async function metrics({ signal }: Call): Promise<HttpResponseInit> {
  return withServices(async ({ probes, history, settings }) => {
    const { latest, error } = await latestOutcomes(probes, history);
    if (error || !history) return problem({ status: 503, title: 'The history cannot be read', detail: error ?? '' });
    const runTotals = await Promise.all(
      [...latest.keys()].map(async (probe) => ({ probe, totals: await history.runTotals(probe, signal) })),
    );
    const { metricsContentType, renderMetrics } = await import('../telemetry/prometheus/prometheus.ts');
    const build = { version, location: settings.location, unreadableRows: history.unreadable().length };
    const body = await renderMetrics([...latest.values()], build, runTotals);
    return { headers: { 'content-type': metricsContentType }, body };
  });
}

app.http(
  'metrics',
  httpRoute({ route: 'metrics', methods: ['GET'], authLevel: publicPagesAuthLevel(), handler: metrics }),
);
