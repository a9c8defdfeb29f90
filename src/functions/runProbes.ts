import { app, type InvocationContext, type Timer } from '@azure/functions';
import { recordHeartbeat } from '../app/recordHeartbeat.ts';
import { createRunContext } from '../app/runContext.ts';
import { services } from '../app/services.ts';
import { timerSchedule } from '../config/configuration.ts';
import { formatErrors } from '../config/configurationErrors.ts';
import { isDue } from '../config/schedule.ts';
import { runDueProbes } from '../probes/runDueProbes.ts';

/**
 * The heart: each tick runs the probes whose turn it is. A failing probe is an outcome, and throws nothing; an outcome that could not
 * be recorded anywhere fails the invocation, once every other probe has had its turn.
 */
export async function runProbes(_timer: Timer, context: InvocationContext): Promise<void> {
  const configured = services();
  if (configured.kind === 'misconfigured') {
    context.error(`No probe runs, the configuration has faults:\n${formatErrors(configured.errors)}`);
    return;
  }
  const { probes, settings } = configured.services;
  const now = new Date();
  const due = probes.filter((probe) => isDue(probe, now, settings.probeSchedule));
  const runContext = createRunContext(configured.services, 'timer', context);
  const unrecorded: unknown[] = [];
  await runDueProbes(due, runContext, (error) => unrecorded.push(error));
  await recordHeartbeat(configured.services, now, context);
  if (unrecorded.length > 0) throw new AggregateError(unrecorded, unrecorded.map(String).join('\n'));
}

app.timer('runProbes', { schedule: timerSchedule(), handler: runProbes });
