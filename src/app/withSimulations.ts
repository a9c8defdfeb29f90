import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { formatErrors } from '../config/configurationErrors.ts';
import { json, problem, shown } from '../http/problem.ts';
import { hasEnded, isSimulationId, type Simulation } from '../simulations/simulation.ts';
import type { SimulationContext } from '../simulations/simulationContext.ts';
import { services } from './services.ts';
import { withServices } from './withServices.ts';

/** For HTTP functions: calls `respond` with the simulation context, or responds 503 when something is missing. */
export function withSimulations(
  invocation: InvocationContext,
  respond: (context: SimulationContext) => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  return withServices(async (configured) => {
    const { openSimulations } = await import('../simulations/store/openSimulations.ts');
    const context = openSimulations(configured, invocation);
    return context ? respond(context) : noStorage;
  });
}

const noStorage = problem({
  status: 503,
  title: 'Simulations need storage',
  detail: 'Set AzureWebJobsStorage: its queue holds the batches, and its tables the outcomes.',
});

/** For queue functions. Rejects when simulations cannot run, so that the message is delivered again. */
export async function withSimulationsForQueue(
  invocation: InvocationContext,
  work: (context: SimulationContext) => Promise<void>,
): Promise<void> {
  const configured = services();
  if (configured.kind === 'misconfigured') {
    throw new Error(`no batch runs, the configuration has errors:\n${formatErrors(configured.errors)}`);
  }
  const { openSimulations } = await import('../simulations/store/openSimulations.ts');
  const context = openSimulations(configured.services, invocation);
  if (!context) throw new Error('no batch runs without storage: set AzureWebJobsStorage');
  await work(context);
}

/** For HTTP functions about the one simulation that the path names. */
export async function withSimulation(
  request: HttpRequest,
  invocation: InvocationContext,
  respond: (id: string, context: SimulationContext) => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  const { id = '' } = request.params;
  return withServices(async () =>
    isSimulationId(id) ? withSimulations(invocation, (context) => respond(id, context)) : noSuchSimulation(id),
  );
}

export function noSuchSimulation(id: string): HttpResponseInit {
  return problem({
    status: 404,
    title: 'No such simulation',
    detail: isSimulationId(id)
      ? 'It does not exist, or its retention period has passed.'
      : `A simulation ID is 24 lower-case hexadecimal digits, got ${JSON.stringify(shown(id))}.`,
  });
}

/** How often progress usually changes. */
const retryAfterSeconds = 2;

/** 202 until every device has an outcome, then 200. */
export async function progressResponse(
  simulation: Simulation,
  context: SimulationContext,
  { headers, ...init }: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<HttpResponseInit> {
  const { viewSimulation } = await import('../simulations/simulationView.ts');
  const view = await viewSimulation(simulation, context);
  return hasEnded(simulation.state)
    ? json(view, { status: 200, ...init, headers: { ...headers } })
    : json(view, { status: 202, ...init, headers: { 'retry-after': String(retryAfterSeconds), ...headers } });
}
