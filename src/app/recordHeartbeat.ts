import { setTimeout as delay } from 'node:timers/promises';
import type { InvocationContext } from '@azure/functions';
import { previousDueTime, scheduleToleranceMs } from '../config/schedule.ts';
import type { HeartbeatOf } from '../history/heartbeat.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';
import type { Services } from './services.ts';

const limitMs = 2_000;
/** Storage that does not respond must not delay the work any longer: the heartbeat then is written while the work begins. */
const maxDelayMs = 500;

/**
 * Records in the history that a timer's call started, does its work, and records that it ended, also when no probe is due. This
 * distinguishes a timer that did not call from a worker that died. Logs a warning when a scheduled run starts twice.
 *
 * Rejects only as `work` does. The heartbeat of work that resolves with 'failed' is not completed. `sinkErrors`: the errors of the sinks
 * during the work.
 */
export async function recordHeartbeat(
  { history }: Services,
  { of, schedule, now }: { readonly of: HeartbeatOf; readonly schedule: string; readonly now: Date },
  context: Pick<InvocationContext, 'invocationId' | 'warn' | 'error'>,
  work: () => Promise<unknown>,
  sinkErrors: () => readonly string[] = () => [],
): Promise<void> {
  if (!history) {
    await work();
    return;
  }
  const scheduledAt = previousDueTime(schedule, new Date(now.getTime() + scheduleToleranceMs)) ?? now;
  const scheduledRun = { scheduledAt, instance: context.invocationId };
  const reportError = (error: unknown) =>
    context.error(`The heartbeat was not written: ${describeStorageError(error)}`);
  const start = async () => {
    const heartbeat = await history.startHeartbeat(of, scheduledRun, { limitMs });
    if (heartbeat.kind !== 'repeated') return;
    context.warn(
      `The scheduled run of ${scheduledAt.toISOString()} started before, at ${heartbeat.firstAt}: it runs twice.`,
    );
  };
  const started = start().catch(reportError);
  await Promise.race([started, delay(maxDelayMs, undefined, { ref: false })]);
  const complete = async () => {
    await started;
    await history.completeHeartbeat(of, { ...scheduledRun, sinkErrors: sinkErrors() }).catch(reportError);
  };
  const result = await work().catch(async (error) => {
    await complete();
    throw error;
  });
  if (result !== 'failed') await complete();
}
