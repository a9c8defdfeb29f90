import { createHash, randomUUID } from 'node:crypto';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { ConfigurationError } from '../config/configurationErrors.ts';
import type { Probe } from '../config/probe.ts';
import { parseJson } from '../http/parseJson.ts';
import { json, problem } from '../http/problem.ts';
import { initialPace } from './pace.ts';
import { reconcileSimulation } from './reconcileSimulation.ts';
import type { ResolvedRequest, Simulation } from './simulation.ts';
import type { SimulationContext } from './simulationContext.ts';
import { batchSizeFor, expiresAt, serviceBudgetPerSecond } from './simulationPlan.ts';
import { parseSimulationRequest, type SimulationRequest } from './simulationRequest.ts';
import { viewSimulation } from './simulationView.ts';
import { simulatedProbe } from './worker/simulatedProbe.ts';

/** The request is kept in a row, and one of its properties holds 64 KiB of UTF-16. */
const mostBodyBytes = 16 * 1024;
const mostKeyCharacters = 255;
const hexDigitsOfId = 24;
/** Progress changes about this often. */
export const retryAfterSeconds = 2;

/**
 * `POST /api/simulations`: 202 with where to look. With an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) the same
 * request may be sent again, as after a broken connection, and answers with the simulation that is there; another body with the same
 * key is 422 (section 2.7 of the draft).
 */
export async function startSimulation(request: HttpRequest, context: SimulationContext): Promise<HttpResponseInit> {
  const text = await request.text();
  if (Buffer.byteLength(text) > mostBodyBytes)
    return invalid([{ path: 'body', message: `expected at most ${mostBodyBytes} bytes` }]);
  const key = request.headers.get('idempotency-key') ?? undefined;
  if (key !== undefined && (key.length === 0 || key.length > mostKeyCharacters)) {
    return invalid([{ path: 'Idempotency-Key', message: `expected 1 to ${mostKeyCharacters} characters` }]);
  }
  const body = parseJson(text);
  if (body === undefined) return invalid([{ path: 'body', message: 'expected JSON' }]);
  const parsed = parseSimulationRequest(body);
  if (parsed.kind === 'invalid') return invalid(parsed.faults);

  const probe = context.probes.find(({ name }) => name === parsed.request.probe);
  if (!probe) {
    return problem({
      status: 404,
      title: 'There is no such probe',
      detail: 'No probe of this name is configured.',
      faults: [{ path: 'probe', message: 'expected the name of a configured probe' }],
    });
  }
  const resolved = resolve(parsed.request, probe, context);
  const faults = [...groupFaults(probe), ...rateFaults(resolved, probe, context), ...probeFaults(probe, resolved)];
  if (faults.length > 0) return invalid(faults);

  const planned = plan(resolved, probe, { key, requestHash: sha256(JSON.stringify(parsed.request)) });
  const simulation = (await context.simulations.read(planned.id)) ?? (await create(planned, context));
  if (simulation.requestHash !== planned.requestHash) {
    const detail = `It belongs to simulation ${simulation.id}, which was asked for with another body.`;
    return problem({ status: 422, title: 'The Idempotency-Key is in use', detail });
  }
  const present = (await reconcileSimulation(simulation.id, context)) ?? simulation;
  return json(await viewSimulation(present, context), {
    status: 202,
    headers: {
      location: `${new URL(request.url).pathname.replace(/\/$/, '')}/${simulation.id}`,
      'retry-after': String(retryAfterSeconds),
    },
  });
}

/** The message that looks after it, and then the row: whatever ends this process in between, the one finds the other or finds nothing. */
async function create(planned: Simulation, context: SimulationContext): Promise<Simulation> {
  await context.queue.send({ work: 'watch', simulationId: planned.id }, context.limits.watchEverySeconds);
  return context.simulations.create(planned);
}

function invalid(faults: readonly ConfigurationError[]): HttpResponseInit {
  const detail = faults.map(({ path, message }) => `${path || 'body'}: ${message}`).join('; ');
  return problem({ status: 400, title: 'This simulation cannot be run', detail, faults });
}

function resolve(request: SimulationRequest, probe: Probe, context: SimulationContext): ResolvedRequest {
  const { registrationIdPrefix = `${probe.name}-sim-`, ratePerSecond = budgetFor(probe, context) } = request;
  return { ...request, registrationIdPrefix, ratePerSecond };
}

function budgetFor({ idScope }: Probe, context: SimulationContext): number {
  return serviceBudgetPerSecond(context.probeRunsPerMinute(idScope));
}

function groupFaults({ attestation }: Probe): readonly ConfigurationError[] {
  if (attestation.enrollment === 'group') return [];
  return [
    {
      path: 'probe',
      message: 'expected a probe with "enrollment": "group": an individual enrollment lets in one device only',
    },
  ];
}

function rateFaults(request: ResolvedRequest, probe: Probe, context: SimulationContext): readonly ConfigurationError[] {
  const budget = budgetFor(probe, context);
  if (request.allowAboveServiceLimits || request.ratePerSecond <= budget) return [];
  const message = `expected at most ${budget.toFixed(2)}, what the service's limit of 1,000 registrations a minute leaves beside the probes; beyond it only with "allowAboveServiceLimits": true`;
  return [{ path: 'ratePerSecond', message }];
}

function probeFaults(probe: Probe, request: ResolvedRequest): readonly ConfigurationError[] {
  const simulated = simulatedProbe(probe, request);
  return simulated.kind === 'invalid' ? simulated.faults : [];
}

/** With a key the id follows from it, so that two copies of one request, even at the same time, are one row. */
function plan(
  request: ResolvedRequest,
  { idScope }: Probe,
  { key, requestHash }: { readonly key: string | undefined; readonly requestHash: string },
): Simulation {
  const now = new Date();
  return {
    id: sha256(key ?? randomUUID()).slice(0, hexDigitsOfId),
    createdAt: now.toISOString(),
    expiresAt: expiresAt(now, request),
    idScope,
    request,
    requestHash,
    batchSize: batchSizeFor(request.devices),
    state: 'queued',
    pace: initialPace(request.ratePerSecond, now.getTime()),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
