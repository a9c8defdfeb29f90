import type { InvocationContext } from '@azure/functions';
import { scheduledRunLimits } from '../config/plan/scheduledRun.ts';
import { dueProbes } from './dueProbes.ts';
import { recordHeartbeat } from './recordHeartbeat.ts';
import { createRunContext } from './runContext.ts';
import type { Services } from './services.ts';

/**
 * Runs the probes that are due. A failing probe is an outcome, not an error. Rejects if an outcome could not be recorded anywhere, after
 * all other probes have run.
 */
export async function runScheduledProbes(services: Services, now: Date, context: InvocationContext): Promise<void> {
  const { probeSchedule: schedule, locations } = services.settings;
  // Read while the heartbeat is written: storage that does not respond delays the probes once, not twice.
  const dueNow = dueProbes(services, now);
  /** By sink: the last sentence is enough for the page. The log has them all. */
  const sinkErrors = new Map<string, string>();
  const work = async () => {
    const { runDueProbes } = await import('../probes/runDueProbes.ts');
    const due = await dueNow;
    const unrecorded: unknown[] = [];
    const runContext = createRunContext(services, 'timer', context, ({ sink, message }) => {
      // The webhook's deliveries have rows of their own.
      if (sink !== 'webhook') sinkErrors.set(sink, message);
    });
    const limits = scheduledRunLimits(schedule, now, locations.length);
    await runDueProbes(due, runContext, limits, (error) => unrecorded.push(error));
    if (unrecorded.length > 0) throw new AggregateError(unrecorded, unrecorded.map(String).join('\n'));
  };
  const timer = { of: 'probes', schedule, now } as const;
  await recordHeartbeat(services, timer, context, work, () => [...sinkErrors.values()]);
}
