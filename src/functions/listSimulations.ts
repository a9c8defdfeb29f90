import { app, type HttpResponseInit } from '@azure/functions';
import * as z from 'zod/mini';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { withSimulations } from '../app/withSimulations.ts';
import { foreignCursor, formatCursor, parseCursor } from '../http/cursor.ts';
import { invalidRequest, json } from '../http/problem.ts';
import { limit } from '../http/query.ts';

const simulationsQuery = z.object({ limit: limit(20), cursor: z.optional(z.string()) });

/** The simulations of all locations, newest first, one page at a time. Changes nothing. */
export async function listSimulations({ query, invocation }: Call<typeof simulationsQuery>): Promise<HttpResponseInit> {
  const after = query.cursor === undefined ? undefined : parseCursor(query.cursor, listName);
  if (query.cursor !== undefined && after === undefined) {
    return invalidRequest([foreignCursor]);
  }
  return withSimulations(invocation, async (context) => {
    const { summarizeSimulation } = await import('../simulations/simulationView.ts');
    const { simulations, last } = await context.simulations.page(query.limit, after);
    return json({
      simulations: await Promise.all(simulations.map((simulation) => summarizeSimulation(simulation, context))),
      ...(last !== undefined && { cursor: formatCursor(last, listName) }),
    });
  });
}

/** This list has no filter, so its cursors are bound to its name: a cursor of another list is refused. */
const listName = 'simulations';

app.http(
  'listSimulations',
  httpRoute({
    route: 'simulations',
    methods: ['GET'],
    authLevel: 'function',
    query: simulationsQuery,
    handler: listSimulations,
  }),
);
