import { createHash, randomUUID } from 'node:crypto';
import type { Probe } from '../config/probe.ts';
import { initialPace } from './pace.ts';
import { reconcileSimulation } from './reconcileSimulation.ts';
import { batchSizeFor, expiresAt, type Simulation, serviceBudgetPerSecond } from './simulation.ts';
import type { SimulationContext } from './simulationContext.ts';
import {
  parseSimulationRequest,
  type RequestError,
  type ResolvedRequest,
  registrationIdDigits,
  type SimulationRequest,
  simulatedProbe,
} from './simulationRequest.ts';

const idHexDigits = 24;

export type StartedSimulation =
  /** The new simulation, or an earlier one with the same key. */
  | { readonly kind: 'started'; readonly simulation: Simulation }
  | { readonly kind: 'invalid'; readonly errors: readonly RequestError[] }
  | { readonly kind: 'unknownProbe'; readonly name: string }
  /** The key was used for another request. */
  | { readonly kind: 'keyInUse'; readonly simulation: Simulation };

/**
 * Starts a simulation. With an idempotency key the same request may be sent again, for example after a broken connection: it then returns
 * the existing simulation, even if the configuration has changed since.
 */
export async function startSimulation(
  body: unknown,
  key: string | undefined,
  context: SimulationContext,
): Promise<StartedSimulation> {
  const parsed = parseSimulationRequest(body);
  if (parsed.kind === 'invalid') return parsed;
  const { request } = parsed;
  // A key determines the ID, so that two copies of one request, even concurrent ones, are one row.
  const id = sha256(key ?? randomUUID()).slice(0, idHexDigits);
  const requestHash = sha256(JSON.stringify(request));
  const earlier = key === undefined ? undefined : await context.simulations.read(id);
  if (earlier) return existing(earlier, requestHash, context);

  const probe = context.probes.find(({ name }) => name === request.probe);
  if (!probe) return { kind: 'unknownProbe', name: request.probe };
  const resolved = resolve(request, probe, context);
  const errors = [
    ...probeErrors(probe, resolved),
    ...rateErrors(resolved, probe, context),
    ...prefixErrors(resolved, probe, context),
  ];
  if (errors.length > 0) return { kind: 'invalid', errors };

  const now = new Date();
  const planned: Simulation = {
    id,
    createdAt: now.toISOString(),
    expiresAt: expiresAt(now, resolved),
    location: context.location,
    idScope: probe.idScope,
    request: resolved,
    requestHash,
    batchSize: batchSizeFor(resolved.devices),
    state: 'queued',
    pace: initialPace(resolved.ratePerSecond, now.getTime()),
  };
  // The watch message first, then the row: if this process dies in between, the message finds no simulation and does
  // nothing.
  await context.queue.send({ work: 'watch', simulationId: id }, context.limits.watchEverySeconds);
  const { probe: name, devices } = resolved;
  context.log({ level: 'info', event: 'simulationStarted', simulationId: id, probe: name, devices });
  return existing(await context.simulations.create(planned), requestHash, context);
}

async function existing(
  simulation: Simulation,
  requestHash: string,
  context: SimulationContext,
): Promise<StartedSimulation> {
  if (simulation.requestHash !== requestHash) return { kind: 'keyInUse', simulation };
  return { kind: 'started', simulation: (await reconcileSimulation(simulation.id, context)) ?? simulation };
}

function resolve(request: SimulationRequest, probe: Probe, context: SimulationContext): ResolvedRequest {
  const { registrationIdPrefix = `${probe.name}-sim-`, ratePerSecond = budgetFor(probe, context) } = request;
  return { ...request, registrationIdPrefix, ratePerSecond };
}

function budgetFor({ idScope }: Probe, context: SimulationContext): number {
  return serviceBudgetPerSecond(context.probeRunsPerMinute(idScope));
}

function probeErrors(probe: Probe, request: ResolvedRequest): readonly RequestError[] {
  if (probe.attestation.enrollment !== 'group') {
    const message = `expected a probe with "enrollment": "group", got ${JSON.stringify(probe.name)}: an individual enrollment accepts one device only`;
    return [{ field: ['probe'], message }];
  }
  const simulated = simulatedProbe(probe, request);
  return simulated.kind === 'invalid' ? simulated.errors : [];
}

function rateErrors(request: ResolvedRequest, probe: Probe, context: SimulationContext): readonly RequestError[] {
  const budget = budgetFor(probe, context);
  if (request.allowAboveServiceLimits || request.ratePerSecond <= budget) return [];
  const message = `expected at most ${budget.toFixed(2)}, what the service's limit of 1,000 registrations per minute leaves beside the probes (more only with "allowAboveServiceLimits": true), got ${request.ratePerSecond}`;
  return [{ field: ['ratePerSecond'], message }];
}

/** Simulated devices hold no lease, so a device with a configured probe's registration ID would cut off that probe's connection. */
function prefixErrors(
  { registrationIdPrefix: prefix }: ResolvedRequest,
  { idScope }: Probe,
  { probes }: SimulationContext,
): readonly RequestError[] {
  const digits = new RegExp(`^\\d{${registrationIdDigits}}$`);
  const conflict = probes.find(
    ({ idScope: scope, registrationId }) =>
      scope === idScope &&
      registrationId.toLowerCase().startsWith(prefix.toLowerCase()) &&
      digits.test(registrationId.slice(prefix.length)),
  );
  if (!conflict) return [];
  const message = `expected a prefix that cannot make the registrationId of a configured probe, got ${JSON.stringify(prefix)}: ${conflict.registrationId} belongs to probe ${conflict.name}`;
  return [{ field: ['registrationIdPrefix'], message }];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
