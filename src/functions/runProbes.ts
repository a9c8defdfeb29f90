import { app, type InvocationContext, type Timer } from '@azure/functions';
import { beat } from '../canary/beat.ts';
import { canary } from '../canary/canary.ts';
import { observationOf } from '../canary/observationOf.ts';
import { timerSchedule } from '../config/configuration.ts';
import { formatFaults } from '../config/faults.ts';
import { isDue } from '../config/schedule.ts';
import { runRound } from '../probes/runRound.ts';

/** The heart: each tick runs the probes whose turn it is. A failing probe is an outcome, and throws nothing. */
export async function runProbes(_timer: Timer, context: InvocationContext): Promise<void> {
  const configured = canary();
  if (configured.kind === 'misconfigured') {
    context.error(`No probe runs, the configuration has faults:\n${formatFaults(configured.faults)}`);
    return;
  }
  const { probes, settings } = configured.canary;
  const now = new Date();
  const due = probes.filter((probe) => isDue(probe, now, settings.probeSchedule));
  const observation = observationOf(configured.canary, 'timer', context);
  await runRound(due, observation, (error) => context.error(error));
  await beat(configured.canary, now, context);
}

app.timer('runProbes', { schedule: timerSchedule(), handler: runProbes });
