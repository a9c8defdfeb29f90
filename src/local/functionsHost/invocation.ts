/** One call of one function, in the order of the Node worker: arguments, hooks, handler, hooks, response. */
import { randomUUID } from 'node:crypto';
import type {
  CoreInvocationContext,
  FunctionMetadata,
  LogLevel,
  RpcInvocationResponse,
  RpcTypedData,
} from './coreTypes.ts';
import type { InvocationLogContext, RegisteredFunction, WorkerApp } from './workerApp.ts';

/** The trigger of an invocation. */
export interface Trigger {
  /** The trigger's binding name, by which the library finds the data. */
  readonly bindingName: string;
  readonly data: RpcTypedData;
  readonly metadata?: Readonly<Record<string, RpcTypedData>>;
  /** For the log: `Timer fired at …`, `New queue message detected on 'probes'.`, … */
  readonly reason: string;
}

export type InvocationResult =
  | { readonly kind: 'succeeded'; readonly response: RpcInvocationResponse }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Sends the outputs of an invocation through its bindings; an error fails the invocation. */
export type SendOutputs = (metadata: FunctionMetadata, response: RpcInvocationResponse) => Promise<void>;

/** Calls an app's functions and tracks running calls. */
export class Invoker {
  readonly #app: WorkerApp;
  readonly #sendOutputs: SendOutputs;
  readonly #timeoutMs: number;
  readonly #running = new Set<Promise<InvocationResult>>();

  constructor(app: WorkerApp, sendOutputs: SendOutputs, functionTimeoutMs: number) {
    this.#app = app;
    this.#sendOutputs = sendOutputs;
    this.#timeoutMs = functionTimeoutMs;
  }

  /** Never rejects: a handler's exception is part of the result. */
  async invoke(registered: RegisteredFunction, trigger: Trigger): Promise<InvocationResult> {
    const call = this.#invokeAndLog(registered, trigger);
    this.#running.add(call);
    try {
      return await call;
    } finally {
      this.#running.delete(call);
    }
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** Resolves when all currently running calls have ended. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #invokeAndLog(registered: RegisteredFunction, trigger: Trigger): Promise<InvocationResult> {
    const { name } = registered.metadata;
    const invocationId = randomUUID();
    const log = (level: LogLevel, message: string) =>
      this.#app.log({ level, category: `Function.${name}`, message, functionName: name, invocationId }, 'system');
    const startedAt = performance.now();
    log('information', `Executing 'Functions.${name}' (Reason='${trigger.reason}', Id=${invocationId})`);
    const result = await this.#withinTimeout(name, this.#run(registered, trigger, invocationId));
    const took = `Id=${invocationId}, Duration=${Math.round(performance.now() - startedAt)}ms`;
    if (result.kind === 'succeeded') {
      log('information', `Executed 'Functions.${name}' (Succeeded, ${took})`);
    } else {
      log('error', `Executed 'Functions.${name}' (Failed, ${took})\n${describeException(result.error)}`);
    }
    return result;
  }

  async #run(registered: RegisteredFunction, trigger: Trigger, invocationId: string): Promise<InvocationResult> {
    try {
      const response = await callThroughHooks(this.#app, registered, trigger, invocationId);
      await this.#sendOutputs(registered.metadata, response);
      return { kind: 'succeeded', response };
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  /** functionTimeout of host.json. The real host kills its worker; here the call only fails. */
  async #withinTimeout(name: string, call: Promise<InvocationResult>): Promise<InvocationResult> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<InvocationResult>((resolve) => {
      timer = setTimeout(() => {
        const error = new Error(`Timeout value of ${this.#timeoutMs} ms exceeded by function 'Functions.${name}'`);
        resolve({ kind: 'failed', error });
      }, this.#timeoutMs);
    });
    const result = await Promise.race([call, timeout]);
    clearTimeout(timer);
    return result;
  }
}

async function callThroughHooks(
  app: WorkerApp,
  { metadata, callback }: RegisteredFunction,
  trigger: Trigger,
  invocationId: string,
): Promise<RpcInvocationResponse> {
  const hookData = {};
  let logContext: InvocationLogContext = { hookData, invocationContext: undefined };
  const coreContext: CoreInvocationContext = {
    invocationId,
    metadata,
    request: {
      invocationId,
      functionId: metadata.name,
      inputData: [{ name: trigger.bindingName, data: trigger.data }],
      triggerMetadata: trigger.metadata ?? {},
      // Empty without telemetry, as measured on the real host.
      traceContext: { traceParent: '', traceState: '', attributes: {} },
    },
    state: undefined,
    log: (level, category, message) => {
      const suffix = category === 'user' ? '.User' : '';
      const entry = { level, category: `Function.${metadata.name}${suffix}`, message };
      app.log({ ...entry, functionName: metadata.name, invocationId }, category, logContext);
    },
  };

  const model = app.programmingModel.getInvocationModel(coreContext);
  const { context, inputs } = await model.getArguments();
  logContext = { hookData, invocationContext: context };

  const hookContext = { hookData, appHookData: app.appHookData, invocationContext: context };
  const before = { ...hookContext, functionCallback: callback, inputs };
  coreContext.state = 'preInvocationHooks';
  await app.runHooks('preInvocation', before);

  const after = { ...hookContext, inputs: before.inputs, result: null as unknown, error: null as unknown };
  coreContext.state = 'invocation';
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error;
  }

  coreContext.state = 'postInvocationHooks';
  await app.runHooks('postInvocation', after);
  coreContext.state = undefined;
  // A hook may clear the error, or replace it.
  if (after.error !== null && after.error !== undefined) throw after.error;
  return await model.getResponse(context, after.result);
}

/** Formats a handler's exception as the real host does. */
function describeException(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error && error.stack !== undefined ? `\nStack: ${error.stack}` : '';
  return `Result: Failure\nException: ${message}${stack}`;
}
