import { app, type HttpResponseInit } from '@azure/functions';
import { type Call, httpRoute } from '../app/httpRoute.ts';
import { progressResponse, withSimulations } from '../app/withSimulations.ts';
import { unknownProbe } from '../http/probeProblems.ts';
import { invalidRequest, pointerTo, problem } from '../http/problem.ts';

const maxKeyCharacters = 255;

/**
 * Accepts a simulation of N devices: 202, with the URL of its progress. With an `Idempotency-Key`
 * (draft-ietf-httpapi-idempotency-key-header) the same request may be sent again; another body with the same key is 422 (section 2.7).
 */
export async function startSimulation({ request, invocation }: Call): Promise<HttpResponseInit> {
  return withSimulations(invocation, async (context) => {
    const { readJsonBody } = await import('../http/jsonBody.ts');
    const body = await readJsonBody(request);
    if (body.kind === 'invalid') return invalidRequest(body.errors);
    if (body.kind === 'empty') return invalidRequest([{ pointer: '#', detail: 'expected a JSON object, got nothing' }]);
    const key = request.headers.get('idempotency-key') ?? undefined;
    if (key !== undefined && (key.length === 0 || key.length > maxKeyCharacters)) {
      const detail = `expected 1 to ${maxKeyCharacters} characters, got ${key.length}`;
      return invalidRequest([{ header: 'Idempotency-Key', detail }]);
    }
    const { startSimulation: start } = await import('../simulations/startSimulation.ts');
    const started = await start(body.value, key, context);
    switch (started.kind) {
      case 'invalid':
        return invalidRequest(
          started.errors.map(({ field, message }) => ({ pointer: pointerTo(field), detail: message })),
        );
      case 'unknownProbe':
        return unknownProbe(started.name, context.probes, { pointer: '#/probe' });
      case 'keyInUse': {
        const detail = `It belongs to simulation ${started.simulation.id}, whose request was different.`;
        const errors = [{ header: 'Idempotency-Key', detail: 'expected a key that no other request has used' }];
        return problem({ status: 422, title: 'The Idempotency-Key is in use', detail, errors });
      }
      case 'started': {
        const { id } = started.simulation;
        const location = `${new URL(request.url).pathname.replace(/\/$/, '')}/${id}`;
        return progressResponse(started.simulation, context, { status: 202, headers: { location } });
      }
    }
  });
}

app.http(
  'startSimulation',
  httpRoute({ route: 'simulations', methods: ['POST'], authLevel: 'function', handler: startSimulation }),
);
