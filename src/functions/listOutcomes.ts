import { app, type HttpResponseInit } from '@azure/functions';
import * as z from 'zod/mini';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { withServices } from '../app/withServices.ts';
import { parsePosition } from '../history/outcomeKeys.ts';
import { foreignCursor, formatCursor, parseCursor } from '../http/cursor.ts';
import { unknownProbe } from '../http/probeProblems.ts';
import { invalidRequest, json, problem } from '../http/problem.ts';
import { limit, list, oneOf, time } from '../http/query.ts';
import { verdicts } from '../outcomes/outcome.ts';

const outcomesQuery = z
  .object({
    probe: list,
    /** Inclusive. */
    since: z.optional(time),
    /** Exclusive. */
    until: z.optional(time),
    verdict: z.optional(oneOf(verdicts)),
    tag: z.optional(z.string().check(z.maxLength(64, { error: 'expected a tag of at most 64 characters' }))),
    location: z.optional(z.string().check(z.maxLength(64, { error: 'expected a location of at most 64 characters' }))),
    limit: limit(100),
    cursor: z.optional(z.string()),
  })
  .check(
    z.refine(({ since, until }) => since === undefined || until === undefined || since <= until, {
      path: ['since'],
      error: 'expected a time that is not after until',
    }),
  );

/** The history, newest first, one page at a time. Default: all probes and all locations. */
export async function listOutcomes({ query, signal }: Call<typeof outcomesQuery>): Promise<HttpResponseInit> {
  return withServices(async ({ probes, history }) => {
    const { limit, cursor, since: sinceMs, until: untilMs, ...filter } = query;
    const names = probes.map(({ name }) => name);
    const unknown = filter.probe?.find((name) => !names.includes(name));
    if (unknown !== undefined) return unknownProbe(unknown, probes, { parameter: 'probe' });
    if (!history) return noStorage;
    const bound = { ...filter, sinceMs, untilMs };
    const after = cursor === undefined ? undefined : parsePosition(parseCursor(cursor, bound) ?? '');
    if (cursor !== undefined && !after) {
      return invalidRequest([foreignCursor]);
    }
    const { probe: requested = names, tag, location, ...rest } = bound;
    const locations = location === undefined ? undefined : [location];
    const tagged = probes.filter(({ tags }) => tag === undefined || tags?.includes(tag)).map(({ name }) => name);
    const ofProbes = [...new Set(requested)].filter((name) => tagged.includes(name));
    const page = await history.list({ ...rest, probes: ofProbes, locations, limit, after }, signal);
    return json({ ...page, ...(page.cursor !== undefined && { cursor: formatCursor(page.cursor, bound) }) });
  });
}

const noStorage = problem({
  status: 503,
  title: 'There is no history',
  detail: 'No storage is configured: set OutcomesStorage or AzureWebJobsStorage.',
});

app.http(
  'listOutcomes',
  httpRoute({
    route: 'outcomes',
    methods: ['GET'],
    authLevel: 'function',
    query: outcomesQuery,
    handler: listOutcomes,
  }),
);
