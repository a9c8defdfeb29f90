import { app, type InvocationContext, type Timer } from '@azure/functions';
import { dueProbes } from '../app/dueProbes.ts';
import { recordHeartbeat } from '../app/recordHeartbeat.ts';
import { createRunContext } from '../app/runContext.ts';
import { services } from '../app/services.ts';
import { timerSchedule } from '../config/configuration.ts';
import { formatErrors } from '../config/configurationErrors.ts';
import { scheduledRunLimits } from '../config/plan/scheduledRun.ts';

/**
 * The probes' timer. Each call is a scheduled run: it runs the probes that are due. A failing probe is an outcome, not an error. An outcome
 * that no sink accepted fails the invocation, after all other probes have run.
 */
export async function runProbes(_timer: Timer, context: InvocationContext): Promise<void> {
  const configured = services();
  if (configured.kind === 'misconfigured') {
    context.error(`No probe runs, the configuration has errors:\n${formatErrors(configured.errors)}`);
    return;
  }
  const { probeSchedule: schedule, locations } = configured.services.settings;
  const now = new Date();
  // Read while the heartbeat is written: storage that does not respond delays the probes once, not twice.
  const dueNow = dueProbes(configured.services, now);
  await recordHeartbeat(configured.services, { of: 'probes', schedule, now }, context, async () => {
    const { runDueProbes } = await import('../probes/runDueProbes.ts');
    const due = await dueNow;
    const unrecorded: unknown[] = [];
    const runContext = createRunContext(configured.services, 'timer', context);
    const limits = scheduledRunLimits(schedule, now, locations.length);
    await runDueProbes(due, runContext, limits, (error) => unrecorded.push(error));
    if (unrecorded.length > 0) throw new AggregateError(unrecorded, unrecorded.map(String).join('\n'));
  });
}

app.timer('runProbes', { schedule: timerSchedule(), handler: runProbes });
