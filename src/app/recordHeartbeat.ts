import type { InvocationContext } from '@azure/functions';
import { previousTick, tickToleranceMs } from '../config/schedule.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';
import type { Services } from './services.ts';

/**
 * Writes down that this tick was called, also when no probe's turn came: a tick without a heartbeat is a prober that was away. A tick
 * that fires twice is reported. Never rejects.
 */
export async function recordHeartbeat(
  { history, settings }: Services,
  now: Date,
  context: InvocationContext,
): Promise<void> {
  if (!history) return;
  const scheduledAt = previousTick(settings.probeSchedule, new Date(now.getTime() + tickToleranceMs)) ?? now;
  try {
    const heartbeat = await history.recordHeartbeat({ scheduledAt, instance: context.invocationId });
    if (heartbeat.kind === 'repeated') {
      context.warn(
        `The tick of ${scheduledAt.toISOString()} was called before, at ${heartbeat.firstAt}: probes run twice.`,
      );
    }
  } catch (error) {
    context.error(`The heartbeat was not written: ${describeStorageError(error)}`);
  }
}
