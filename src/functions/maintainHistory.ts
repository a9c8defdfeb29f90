import { app, type InvocationContext, type Timer } from '@azure/functions';
import { recordHeartbeat } from '../app/recordHeartbeat.ts';
import { services } from '../app/services.ts';

/** Once an hour, away from the full hour, when most timers fire. */
const schedule = '0 17 * * * *';

/** Keeps the history in shape: adds up the hours that are over for the long windows, and deletes what is past its time. */
export async function maintainHistory(_timer: Timer, context: InvocationContext): Promise<void> {
  const configured = services();
  if (configured.kind === 'misconfigured' || !configured.services.history) return;
  const { maintain } = await import('../app/maintain.ts');
  const ready = configured.services;
  const now = new Date();
  await recordHeartbeat(ready, { of: 'maintenance', schedule, now }, context, () => maintain(ready, now, context));
}

app.timer('maintainHistory', { schedule, handler: maintainHistory });
