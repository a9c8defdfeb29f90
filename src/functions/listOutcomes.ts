import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import { withServices } from '../app/withServices.ts';
import { parseOutcomeQuery } from '../history/outcomeQuery.ts';
import { json, problem } from '../http/problem.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';

const timeoutMs = 20_000;

/** History, newest first, a page at a time. */
export async function listOutcomes(request: HttpRequest): Promise<HttpResponseInit> {
  return withServices(async ({ probes, history }) => {
    const parsed = parseOutcomeQuery(
      new URLSearchParams(request.query.toString()),
      probes.map(({ name }) => name),
    );
    switch (parsed.kind) {
      case 'invalid': {
        const faults = parsed.faults.map(({ field, message }) => ({ path: field, message }));
        return problem({ status: 400, title: 'The query has faults', faults });
      }
      case 'unknownProbe':
        return problem({ status: 404, title: 'No such probe', detail: parsed.message });
    }
    if (!history) return noStorage;
    try {
      return json(await history.list(parsed.query, AbortSignal.timeout(timeoutMs)));
    } catch (error) {
      return problem({ status: 503, title: 'The history cannot be read', detail: describeStorageError(error) });
    }
  });
}

const noStorage = problem({
  status: 503,
  title: 'There is no history',
  detail: 'No storage is configured: set OutcomesStorage or AzureWebJobsStorage.',
});

app.http('listOutcomes', { route: 'outcomes', methods: ['GET'], authLevel: 'function', handler: listOutcomes });
