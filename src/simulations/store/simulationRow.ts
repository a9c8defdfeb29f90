import * as z from 'zod/mini';
import { fromChunks, toChunks } from '../../storage/chunkedText.ts';
import type { Columns } from '../../storage/unreadableRows.ts';
import type { Simulation, SimulationReport, SimulationState } from '../simulation.ts';

/** The report has its own columns (`report0`, …), because it can be long. */
const reportName = 'report';

const states: { readonly [state in SimulationState]: true } = {
  queued: true,
  running: true,
  cancelling: true,
  stopping: true,
  finished: true,
  cancelled: true,
  stopped: true,
};
const positive = z.number().check(z.positive());

/** The fields that readers rely on. Another version of this app may have stored other ones. */
const storedSimulation = z.looseObject({
  id: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  location: z.string(),
  idScope: z.string(),
  request: z.looseObject({
    probe: z.string(),
    devices: z.int().check(z.positive()),
    registrationIdPrefix: z.string(),
    ratePerSecond: positive,
  }),
  requestHash: z.string(),
  batchSize: z.int().check(z.positive()),
  state: z.string().check(z.refine((state) => Object.hasOwn(states, state))),
  pace: z.looseObject({ ratePerSecond: positive, nextStartAtMs: z.number(), throttledInAll: z.number() }),
});
const storedReport = z.looseObject({ done: z.number(), cancelled: z.number(), verdicts: z.looseObject({}) });

/** The columns of a simulation. */
export function simulationRow({ report, ...rest }: Simulation) {
  return { json: JSON.stringify(rest), ...toChunks(reportName, report && JSON.stringify(report)) };
}

/** Throws when the row has no simulation. */
export function simulationOf(row: Columns): Simulation {
  const simulation = storedSimulation.parse(JSON.parse(String(row.json))) as unknown as Simulation;
  const report = fromChunks(reportName, row);
  if (report === undefined) return simulation;
  return { ...simulation, report: storedReport.parse(JSON.parse(report)) as unknown as SimulationReport };
}
