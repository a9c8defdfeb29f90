import { app, type HttpResponseInit } from '@azure/functions';
import { httpRoute } from '../app/httpRoute.ts';
import { withServices } from '../app/withServices.ts';
import { latestOutcomes } from '../history/latestOutcomes.ts';
import { json } from '../http/problem.ts';

/** The probes as configured, each with its last outcome. They hold the names of secrets, never their values. */
export async function listProbes(): Promise<HttpResponseInit> {
  return withServices(async ({ probes, history }) => {
    const { latest, error } = await latestOutcomes(probes, history);
    return json({
      probes: probes.map((probe) => ({ ...probe, lastOutcome: latest.get(probe.name) ?? null })),
      ...(error && { storageFault: error }),
    });
  });
}

app.http('listProbes', httpRoute({ route: 'probes', methods: ['GET'], authLevel: 'function', handler: listProbes }));
