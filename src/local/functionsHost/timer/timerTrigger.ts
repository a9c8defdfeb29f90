/** Functions with a `timerTrigger`: one clock per function, without overlap. Missed runs are caught up by one call. */
import { z } from 'zod';
import { type Environment, resolveSetting } from '../appSettings.ts';
import type { BindingInfo, RpcTypedData } from '../coreTypes.ts';
import type { InvocationResult, Trigger } from '../invocation.ts';
import { parseNcrontab, type Schedule } from './ncrontab.ts';
import type { TimerStatus, TimerStatusStore } from './timerStatus.ts';

const bindingSchema = z.object({
  schedule: z.string(),
  useMonitor: z.boolean().default(true),
  runOnStartup: z.boolean().default(false),
});

export interface TimerFunction {
  readonly name: string;
  /** The schedule, resolved from the settings. */
  readonly expression: string;
  readonly schedule: Schedule;
  readonly runOnStartup: boolean;
  /** Pass the schedule status to the handler, and catch up a missed run. */
  readonly hasStatus: boolean;
}

/** Throws a HostError for a missing setting or an invalid schedule. */
export function parseTimerTrigger(binding: BindingInfo, name: string, environment: Environment): TimerFunction {
  const { schedule: text, useMonitor, runOnStartup } = bindingSchema.parse(binding);
  const expression = resolveSetting(text, environment, name);
  const schedule = parseNcrontab(expression, name);
  return { name, expression, schedule, runOnStartup, hasStatus: useMonitor && !schedule.isBelowOneMinute };
}

export type InvokeTimer = (trigger: Omit<Trigger, 'bindingName'>) => Promise<InvocationResult>;

/** setTimeout is limited to 25 days; a schedule may have longer gaps. */
const maxDelayMs = 24 * 60 * 60 * 1000;

/** Fires one timer function until it is stopped. */
export class TimerClock {
  readonly #timer: TimerFunction;
  readonly #statuses: TimerStatusStore;
  readonly #invoke: InvokeTimer;
  #timeout: NodeJS.Timeout | undefined;
  #run: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(timer: TimerFunction, statuses: TimerStatusStore, invoke: InvokeTimer) {
    this.#timer = timer;
    this.#statuses = statuses;
    this.#invoke = invoke;
  }

  /** Starts the timer. Runs missed while no host was running are caught up by one call at once. */
  async start(): Promise<void> {
    const now = new Date();
    const status = this.#timer.hasStatus ? await this.#statuses.read(this.#timer.name) : undefined;
    const isPastDue = status !== undefined && new Date(status.next) < now;
    if (isPastDue || this.#timer.runOnStartup) {
      this.#run = this.#runDue(now, isPastDue);
      return;
    }
    const next = this.#timer.schedule.nextAfter(now);
    if (status === undefined && next !== undefined) await this.#writeStatus(null, next, now);
    this.#wait(next);
  }

  /** Stops firing; a run in progress continues. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timeout);
  }

  /** Resolves when a run in progress has ended and its status is stored. */
  async idle(): Promise<void> {
    await this.#run;
  }

  /** Runs the function now, independently of its schedule. */
  async runNow(): Promise<void> {
    await this.#invoke({
      data: await this.#triggerData(false),
      reason: 'This function was programmatically called via the host APIs.',
    });
  }

  #wait(due: Date | undefined): void {
    if (this.#isStopped || due === undefined) return;
    const delayMs = due.getTime() - Date.now();
    this.#timeout = setTimeout(
      () => {
        if (Date.now() < due.getTime()) this.#wait(due);
        else this.#run = this.#runDue(due, false);
      },
      Math.min(Math.max(delayMs, 0), maxDelayMs),
    );
  }

  async #runDue(due: Date, isPastDue: boolean): Promise<void> {
    const firedAt = new Date();
    await this.#invoke({
      data: await this.#triggerData(isPastDue),
      reason: `Timer fired at ${offsetTime(firedAt.toISOString())}`,
    });
    // From the end of the handler, so that calls never overlap; due times in between are skipped.
    const now = new Date();
    const next = this.#timer.schedule.nextAfter(now > due ? now : due);
    if (next !== undefined) await this.#writeStatus(firedAt, next, now);
    this.#wait(next);
  }

  async #writeStatus(last: Date | null, next: Date, now: Date): Promise<void> {
    if (!this.#timer.hasStatus) return;
    await this.#statuses.write(this.#timer.name, {
      last: last?.toISOString() ?? null,
      next: next.toISOString(),
      lastUpdated: now.toISOString(),
    });
  }

  async #triggerData(isPastDue: boolean): Promise<RpcTypedData> {
    const status = this.#timer.hasStatus ? await this.#statuses.read(this.#timer.name) : undefined;
    const scheduleStatus = status === undefined ? null : toRpcStatus(status);
    return {
      json: JSON.stringify({ Schedule: { AdjustForDST: true }, ScheduleStatus: scheduleStatus, IsPastDue: isPastDue }),
    };
  }
}

function toRpcStatus({ last, next, lastUpdated }: TimerStatus): object {
  return {
    Last: last === null ? '0001-01-01T00:00:00+00:00' : offsetTime(last),
    Next: offsetTime(next),
    LastUpdated: offsetTime(lastUpdated),
  };
}

/** The real host is .NET and writes UTC as an offset. */
function offsetTime(isoTime: string): string {
  return isoTime.replace(/Z$/, '+00:00');
}
