import { randomUUID } from 'node:crypto';
import type { InvocationContext } from '@azure/functions';
import { dueTimes } from '../config/schedule.ts';
import type { OutcomeHistory } from '../history/history.ts';
import type { RollUpPlan } from '../history/rollUpOutcomes.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';
import { createLeases } from '../storage/leases.ts';
import type { OpenTables } from '../storage/openTables.ts';
import type { Services } from './services.ts';

/** One job of the hourly maintenance. Resolves with a sentence for the log; undefined: there was nothing to do. */
interface Job {
  readonly name: string;
  readonly run: () => Promise<string | undefined>;
}

/** Jobs on the data of all locations are owned by one location at a time, through a lease. */
const ownershipTable = 'maintenance';
/** Longer than a job's time budget. */
const defaultOwnershipMs = 5 * 60_000;

/**
 * Runs each job on its own: an error is logged and does not stop the other jobs. Returns `failed` if any job failed, so that the
 * maintenance heartbeat is not completed.
 */
export async function maintain(
  services: Services,
  now: Date,
  context: Pick<InvocationContext, 'log' | 'error' | 'info' | 'warn'>,
  ownershipMs = defaultOwnershipMs,
): Promise<'done' | 'failed'> {
  const { history, openTable, settings, probes } = services;
  if (!history || !openTable) return 'done';
  const retentionDays = settings.outcomeRetentionDays;
  const plan: RollUpPlan = {
    probes,
    retentionDays,
    dueTimes: (probe, fromMs, toMs) => dueTimes(settings.probeSchedule, probe, fromMs, toMs),
  };
  const jobs: readonly Job[] = [
    { name: 'roll-up', run: async () => `${(await history.rollUp(now, plan)).hours} hours added up` },
    {
      name: 'deletion',
      run: () => asOwner({ openTable, ownershipMs }, 'prune', () => prune(history, now, retentionDays)),
    },
    { name: 'simulations', run: () => maintainSimulations(services, now, context) },
  ];
  const done: string[] = [];
  let result: 'done' | 'failed' = 'done';
  for (const { name, run } of jobs) {
    try {
      const sentence = await run();
      if (sentence !== undefined) done.push(sentence);
    } catch (error) {
      result = 'failed';
      context.error(
        `Maintenance of the history (${name}) failed, the next hour tries again: ${describeStorageError(error)}`,
      );
    }
  }
  if (done.length > 0) context.log(`History: ${done.join(', ')}.`);
  return result;
}

async function prune(history: OutcomeHistory, now: Date, retentionDays: number): Promise<string> {
  const { deletedRows } = await history.prune(now, { retentionDays });
  return `${deletedRows} rows deleted`;
}

/** Undefined: another location is doing the job. */
async function asOwner(
  { openTable, ownershipMs }: { readonly openTable: OpenTables; readonly ownershipMs: number },
  job: string,
  run: () => Promise<string>,
): Promise<string | undefined> {
  const key = { partitionKey: ownershipTable, rowKey: job };
  const request = { key, holder: randomUUID(), lastsMs: ownershipMs };
  const result = await createLeases(openTable(ownershipTable)).tryAcquire(request);
  if (result.kind === 'busy') return undefined;
  try {
    return await run();
  } finally {
    // A lease that is not released expires before the next hour.
    await result.lease.release().catch(() => undefined);
  }
}

/** The simulations of this location. `openSimulations` is imported here because no probe needs it. */
async function maintainSimulations(
  services: Services,
  now: Date,
  context: Pick<InvocationContext, 'log' | 'error' | 'info' | 'warn'>,
): Promise<string | undefined> {
  const [{ openSimulations }, { pruneSimulations }] = await Promise.all([
    import('../simulations/store/openSimulations.ts'),
    import('../simulations/store/pruneSimulations.ts'),
  ]);
  const simulations = openSimulations(services, context);
  const deleted = simulations ? await pruneSimulations(simulations, now, services.settings.outcomeRetentionDays) : 0;
  return deleted > 0 ? `${deleted} simulations deleted` : undefined;
}
