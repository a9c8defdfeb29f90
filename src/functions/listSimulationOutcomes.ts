import { app, type HttpResponseInit } from '@azure/functions';
import * as z from 'zod/mini';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { noSuchSimulation, withSimulation } from '../app/withSimulations.ts';
import { foreignCursor, formatCursor, parseCursor } from '../http/cursor.ts';
import { invalidRequest, json } from '../http/problem.ts';
import { limit, oneOf } from '../http/query.ts';
import { verdicts } from '../outcomes/outcome.ts';

const devicesQuery = z.object({
  verdict: z.optional(oneOf(verdicts)),
  limit: limit(100),
  cursor: z.optional(z.string()),
});

/** The outcomes of a simulation's devices, one page at a time, failures first. */
export async function listSimulationOutcomes({
  request,
  query,
  invocation,
}: Call<typeof devicesQuery>): Promise<HttpResponseInit> {
  return withSimulation(request, invocation, async (id, context) => {
    const { limit, verdict, cursor } = query;
    const filter = { simulation: id, verdict };
    const after = cursor === undefined ? undefined : parseCursor(cursor, filter);
    if (cursor !== undefined && after === undefined) {
      return invalidRequest([foreignCursor]);
    }
    if (!(await context.simulations.read(id))) return noSuchSimulation(id);
    const { outcomes, last } = await context.outcomes.page(id, { limit, verdict, after });
    return json({ outcomes, ...(last !== undefined && { cursor: formatCursor(last, filter) }) });
  });
}

app.http(
  'listSimulationOutcomes',
  httpRoute({
    route: 'simulations/{id}/outcomes',
    methods: ['GET'],
    authLevel: 'function',
    query: devicesQuery,
    handler: listSimulationOutcomes,
  }),
);
