/**
 * A small Azure Functions host for machines without Core Tools: loads a built app as the Node worker does, serves its HTTP functions, fires
 * its timers and handles its queues. docs/functions-host.md lists its limits.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createAdminHandler } from './adminApi.ts';
import type { Environment } from './appSettings.ts';
import { readHostConfig } from './hostConfig.ts';
import { filterLog, type HostLog } from './hostLog.ts';
import type { HostKeys } from './http/httpKeys.ts';
import { type HttpServer, listenHttp } from './http/httpServer.ts';
import { serveHttp } from './http/httpTrigger.ts';
import { loadApp } from './loadApp.ts';
import { type FunctionSummary, type FunctionsPlan, planFunctions } from './planFunctions.ts';
import { fileTimerStatus, memoryTimerStatus } from './timer/timerStatus.ts';
import type { WorkerApp } from './workerApp.ts';

export interface FunctionsHostOptions extends HostKeys {
  /** The folder of host.json and package.json. */
  readonly appDirectory: string;
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  /** For `%NAME%` and connections. Default: process.env, which the app itself always uses. */
  readonly environment?: Environment;
  readonly onLog: HostLog;
  /** False on all workers except one when several share a storage account, so that a timer runs once. */
  readonly timers?: boolean;
  /** Stores the timers' schedule status, so that a run missed during a restart is caught up. Default: not stored. */
  readonly stateDirectory?: string;
  /** How long a queue message stays hidden after its worker died. Default: 600, as in the real host. */
  readonly queueLeaseSeconds?: number;
  /** How long `close` waits for running invocations. Default 10 000. */
  readonly closeTimeoutMs?: number;
}

export interface FunctionsHost {
  readonly port: number;
  readonly functions: readonly FunctionSummary[];
  /** Accepts no new work, waits for running invocations, and runs the app's `appTerminate` hooks. */
  close(): Promise<void>;
}

/** Throws a HostError when it cannot start. */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const environment = options.environment ?? process.env;
  const config = await readHostConfig(options.appDirectory);
  const app = await loadApp(options.appDirectory, filterLog(config.logLevels, options.onLog));
  const plan = await planFunctions(app, {
    config,
    environment,
    timerStatus: options.stateDirectory === undefined ? memoryTimerStatus() : fileTimerStatus(options.stateDirectory),
    queueLeaseSeconds: options.queueLeaseSeconds ?? 600,
  });

  const bodyLimitBytes = Number(environment.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT ?? 104_857_600);
  const server = await listenHttp(options.port, options.hostname ?? '127.0.0.1', {
    admin: createAdminHandler(plan.runnable, options),
    hasStatusPage: plan.http.some(({ name }) => name === 'status'),
    functions: (request, response, url) => serveHttp(plan.http, options, bodyLimitBytes, request, response, url),
  });
  for (const listener of plan.queues) listener.start();
  if (options.timers !== false) await Promise.all(plan.timers.map((clock) => clock.start()));

  let closing: Promise<void> | undefined;
  return {
    port: server.port,
    functions: plan.summaries,
    close() {
      closing ??= closeHost(app, plan, server, options.closeTimeoutMs ?? 10_000);
      return closing;
    },
  };
}

async function closeHost(app: WorkerApp, plan: FunctionsPlan, server: HttpServer, timeoutMs: number): Promise<void> {
  server.stopListening();
  for (const clock of plan.timers) clock.stop();
  await Promise.all(plan.queues.map((listener) => listener.stop()));
  const bound = new AbortController();
  await Promise.race([
    Promise.all([plan.invoker.idle(), ...[...plan.timers, ...plan.queues].map((source) => source.idle())]),
    delay(timeoutMs, undefined, { signal: bound.signal }).catch(() => undefined),
  ]);
  bound.abort();
  if (plan.invoker.runningCount > 0) {
    const message = `Stopped while ${plan.invoker.runningCount} invocations were still running.`;
    app.log({ level: 'warning', category: 'Host.Shutdown', message }, 'system');
  }
  await app.runHooks('appTerminate', { hookData: app.appLevelHookData, appHookData: app.appHookData });
  await server.destroy();
}
