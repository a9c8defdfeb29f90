import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import { explainIssue, toErrors } from '../config/configurationErrors.ts';
import { json, problem } from '../http/problem.ts';
import { verdicts } from '../outcomes/outcome.ts';
import { noSuchSimulation } from './getSimulation.ts';
import type { SimulationContext } from './simulationContext.ts';

const querySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  verdict: z.enum(verdicts).optional(),
  /** What a page has named as its `cursor`. */
  cursor: z
    .string()
    .regex(/^outcome-[0-3]-\d{7}$/, { error: 'expected the cursor of an earlier page' })
    .optional(),
  /** The function key, where it comes in the address. */
  code: z.string().optional(),
});

/** `GET /api/simulations/{id}/outcomes?verdict=&limit=&cursor=`: the devices that have an outcome, failing ones first. */
export async function listSimulationOutcomes(
  request: HttpRequest,
  context: SimulationContext,
): Promise<HttpResponseInit> {
  const query = querySchema.safeParse(Object.fromEntries(request.query), { error: explainIssue });
  if (!query.success)
    return problem({ status: 400, title: 'These outcomes cannot be listed', faults: toErrors(query.error.issues, '') });
  const { limit, verdict, cursor } = query.data;
  const id = request.params.id ?? '';
  if (!(await context.simulations.read(id))) return problem(noSuchSimulation);
  return json(
    await context.outcomes.page(id, { limit, ...(verdict && { verdict }), ...(cursor !== undefined && { cursor }) }),
  );
}
