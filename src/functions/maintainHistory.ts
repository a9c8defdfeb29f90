import { app, type InvocationContext, type Timer } from '@azure/functions';
import { recordHeartbeat } from '../app/recordHeartbeat.ts';
import { services } from '../app/services.ts';

/** Once an hour, but not on the hour, when most timers fire. */
const schedule = '0 17 * * * *';

/** Maintains the history: rolls up completed hours for the long windows, and deletes what its retention period has passed for. */
export async function maintainHistory(_timer: Timer, context: InvocationContext): Promise<void> {
  const configured = services();
  if (configured.kind === 'misconfigured' || !configured.services.history) return;
  const { maintain } = await import('../app/maintain.ts');
  const ready = configured.services;
  const now = new Date();
  await recordHeartbeat(ready, { of: 'maintenance', schedule, now }, context, () => maintain(ready, now, context));
}

app.timer('maintainHistory', { schedule, handler: maintainHistory });
