import { app, type InvocationContext, type Timer } from '@azure/functions';
import { runScheduledProbes } from '../app/runScheduledProbes.ts';
import { services } from '../app/services.ts';
import { timerSchedule } from '../config/configuration.ts';
import { formatErrors } from '../config/configurationErrors.ts';

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
  await runScheduledProbes(configured.services, new Date(), context);
}

app.timer('runProbes', { schedule: timerSchedule(), handler: runProbes });
