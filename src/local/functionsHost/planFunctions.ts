/** Creates a route, clock or queue listener for each function that the app registered. */
import type { QueueServiceClient } from '@azure/storage-queue';
import type { RunNow } from './adminApi.ts';
import { type Environment, isDisabled } from './appSettings.ts';
import type { BindingInfo } from './coreTypes.ts';
import type { HostConfig } from './hostConfig.ts';
import { HostError } from './hostError.ts';
import { type HttpFunction, parseHttpTrigger } from './http/httpTrigger.ts';
import { Invoker, type Trigger } from './invocation.ts';
import { checkQueueStorage, connectQueues } from './queue/queueConnections.ts';
import { sendQueueOutputs } from './queue/queueOutput.ts';
import { parseQueueTrigger, QueueListener } from './queue/queueTrigger.ts';
import { ScheduleError } from './timer/ncrontab.ts';
import type { TimerStatusStore } from './timer/timerStatus.ts';
import { parseTimerTrigger, TimerClock } from './timer/timerTrigger.ts';
import type { RegisteredFunction, WorkerApp } from './workerApp.ts';

export interface FunctionSummary {
  readonly name: string;
  readonly trigger: 'http' | 'timer' | 'queue';
  /** Its trigger: `GET,POST api/probes/{name}`, a schedule, a queue's name. */
  readonly detail: string;
}

export interface PlanOptions {
  readonly config: HostConfig;
  readonly environment: Environment;
  readonly timerStatus: TimerStatusStore;
  readonly queueLeaseSeconds: number;
}

export interface FunctionsPlan {
  readonly summaries: readonly FunctionSummary[];
  /** Sorted, the more specific route first. */
  readonly http: readonly HttpFunction[];
  readonly timers: readonly TimerClock[];
  readonly queues: readonly QueueListener[];
  /** The functions that the admin API can run, by name. */
  readonly runnable: ReadonlyMap<string, RunNow>;
  readonly invoker: Invoker;
}

/** Throws a HostError for an unsupported binding, and when the storage of a queue trigger does not respond. */
export async function planFunctions(app: WorkerApp, options: PlanOptions): Promise<FunctionsPlan> {
  const { config, environment } = options;
  const connect = rememberConnections(environment);
  const invoker = new Invoker(
    app,
    (metadata, response) => sendQueueOutputs(metadata, response, config.queues, environment, connect),
    config.functionTimeoutMs,
  );
  const summaries: FunctionSummary[] = [];
  const http: HttpFunction[] = [];
  const timers: TimerClock[] = [];
  const queues: QueueListener[] = [];
  const runnable = new Map<string, RunNow>();

  for (const registered of app.functions.values()) {
    const { name } = registered.metadata;
    if (isDisabled(name, environment)) continue;
    const { bindingName, binding } = triggerOf(registered);
    const invoke = (trigger: Omit<Trigger, 'bindingName'>) => invoker.invoke(registered, { ...trigger, bindingName });
    switch (binding.type) {
      case 'httpTrigger': {
        const route = parseHttpTrigger(binding, name, config.routePrefix, environment);
        http.push({ ...route, invoke });
        summaries.push({ name, trigger: 'http', detail: `${route.methods.join(',')} ${route.route}` });
        break;
      }
      case 'timerTrigger': {
        const timer = timerOrError(binding, name, environment, app);
        if (!timer) break;
        const clock = new TimerClock(timer, options.timerStatus, invoke);
        timers.push(clock);
        runnable.set(name, () => void clock.runNow());
        summaries.push({ name, trigger: 'timer', detail: timer.expression });
        break;
      }
      case 'queueTrigger': {
        const queue = parseQueueTrigger(binding, name, environment);
        const service = await connect(queue.connection);
        await checkQueueStorage(service, queue.connection);
        const listening = { queues: config.queues, leaseSeconds: options.queueLeaseSeconds };
        queues.push(new QueueListener(queue, service, listening, invoke, (entry) => app.log(entry, 'system')));
        const reason = 'This function was programmatically called via the host APIs.';
        runnable.set(name, (input) => void invoke({ data: { string: input }, reason }));
        summaries.push({ name, trigger: 'queue', detail: queue.queueName });
        break;
      }
      default:
        throw new HostError(
          `The function ${name} has a ${binding.type}; this host serves httpTrigger, timerTrigger and queueTrigger. Use Core Tools ("func start") for others, or set AzureWebJobs.${name}.Disabled=true.`,
        );
    }
  }
  http.sort((a, b) => a.pattern.precedence.localeCompare(b.pattern.precedence));
  return { summaries, http, timers, queues, runnable, invoker };
}

/** As in the real host, an invalid schedule disables only its timer, with an error in the log. */
function timerOrError(binding: BindingInfo, name: string, environment: Environment, app: WorkerApp) {
  try {
    return parseTimerTrigger(binding, name, environment);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    const message = `The '${name}' function is in error: ${error.message}`;
    app.log({ level: 'error', category: 'Host.Startup', message }, 'system');
    return undefined;
  }
}

function triggerOf({ metadata }: RegisteredFunction) {
  for (const [bindingName, binding] of Object.entries(metadata.bindings)) {
    if (/trigger$/i.test(binding.type)) return { bindingName, binding };
  }
  throw new HostError(`The function ${metadata.name} has no trigger.`);
}

function rememberConnections(environment: Environment): (name: string) => Promise<QueueServiceClient> {
  const connections = new Map<string, Promise<QueueServiceClient>>();
  return (name) => {
    const known = connections.get(name) ?? connectQueues(name, environment);
    connections.set(name, known);
    return known;
  };
}
