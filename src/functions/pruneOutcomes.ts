import { app, type InvocationContext, type Timer } from '@azure/functions';
import { services } from '../app/services.ts';
import { dueTicks } from '../config/schedule.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';

/** Keeps the history in shape: adds the hours that are over up for the long windows, then deletes what is past its time. */
export async function pruneOutcomes(_timer: Timer, context: InvocationContext): Promise<void> {
  const configured = services();
  if (configured.kind === 'misconfigured' || !configured.services.history) return;
  const { history, probes, settings } = configured.services;
  const { probeSchedule, outcomeRetentionDays: retentionDays } = settings;
  const now = new Date();
  try {
    const plan = {
      probes,
      retentionDays,
      dueTicks: (probe: Parameters<typeof dueTicks>[1], fromMs: number, toMs: number) =>
        dueTicks(probeSchedule, probe, fromMs, toMs),
    };
    const { hours } = await history.rollUp(now, plan);
    const { deletedRows } = await history.prune(now, { retentionDays });
    context.log(`History: ${hours} hours added up, ${deletedRows} rows deleted.`);
    const [{ openSimulations }, { pruneSimulations }] = await Promise.all([
      import('../simulations/store/openSimulations.ts'),
      import('../simulations/store/pruneSimulations.ts'),
    ]);
    const simulations = openSimulations(configured.services, context);
    const deleted = simulations ? await pruneSimulations(simulations, now, retentionDays) : 0;
    if (deleted > 0) context.log(`${deleted} simulations deleted.`);
  } catch (error) {
    context.error(`The history could not be kept in shape, the next hour tries again: ${describeStorageError(error)}`);
  }
}

/** Once an hour, away from the full hour, when everybody's timers fire. */
app.timer('pruneOutcomes', { schedule: '0 17 * * * *', handler: pruneOutcomes });
