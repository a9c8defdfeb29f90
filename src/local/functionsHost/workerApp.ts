/**
 * A loaded function app: its registered functions, hooks and programming model, and the module `@azure/functions-core` that it registers
 * them with.
 */
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  HookName,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './coreTypes.ts';
import { HostError } from './hostError.ts';
import type { HostLog, HostLogEntry } from './hostLog.ts';

/** Versions that the app may read from `@azure/functions-core`. */
const hostVersion = '4.1037.0';
const workerVersion = '3.9.1';

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

export interface InvocationLogContext {
  readonly hookData: object;
  readonly invocationContext: unknown;
}

export class WorkerApp {
  readonly functions = new Map<string, RegisteredFunction>();
  /** Shared by all hooks of the app. */
  readonly appHookData: object = {};
  /** Shared by `appStart` and `appTerminate`. */
  readonly appLevelHookData: object = {};
  /** The result of `require('@azure/functions-core')` in the app. */
  readonly coreApi: object;
  readonly #hooks = new Map<string, HookCallback[]>();
  readonly #log: HostLog;
  #programmingModel: ProgrammingModel | undefined;
  #started = false;

  constructor(log: HostLog) {
    this.#log = log;
    this.coreApi = {
      version: workerVersion,
      hostVersion,
      setProgrammingModel: (model: ProgrammingModel) => {
        this.#programmingModel = model;
      },
      getProgrammingModel: () => this.#programmingModel,
      registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) => this.#register(metadata, callback),
      registerHook: (name: string, callback: HookCallback) => this.#registerHook(name, callback),
      log: (level: LogLevel, category: LogCategory, message: string) =>
        this.log({ level, category: 'Worker', message }, category),
      Disposable,
    };
  }

  get programmingModel(): ProgrammingModel {
    if (this.#programmingModel === undefined) throw new Error('No programming model was set by the app');
    return this.#programmingModel;
  }

  /** After this, registering a function is an error, as in the real worker. */
  lockRegistration(): void {
    this.#started = true;
  }

  /** Calls the hooks of one name in the order of their registration; an exception stops the rest. */
  async runHooks(name: Exclude<HookName, 'log'>, context: object): Promise<void> {
    for (const callback of this.#hooks.get(name) ?? []) await callback(context);
  }

  /** Calls the `log` hooks, which may change a user's entry but not a system one, and passes the entry on. */
  log(entry: HostLogEntry, category: LogCategory, invocation?: InvocationLogContext): void {
    const hookContext = {
      level: entry.level,
      message: entry.message,
      category,
      hookData: invocation?.hookData ?? {},
      appHookData: this.appHookData,
      invocationContext: invocation?.invocationContext,
    };
    try {
      for (const callback of this.#hooks.get('log') ?? []) callback(hookContext);
    } catch {
      // On purpose, as in the real worker: an error in a hook must not lose a log entry.
    }
    this.#log(category === 'user' ? { ...entry, level: hookContext.level, message: hookContext.message } : entry);
  }

  #register(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    if (this.#started) throw new Error('A function can only be registered during app startup.');
    if (this.functions.has(metadata.name)) {
      throw new HostError(`Two functions are registered as "${metadata.name}": rename one.`);
    }
    this.functions.set(metadata.name, { metadata, callback });
    return new Disposable(() => {
      if (this.#started) throw new Error('A function can only be disposed during app startup.');
      this.functions.delete(metadata.name);
    });
  }

  #registerHook(name: string, callback: HookCallback): Disposable {
    const callbacks = this.#hooks.get(name) ?? [];
    callbacks.push(callback);
    this.#hooks.set(name, callbacks);
    return new Disposable(() => {
      callbacks.splice(callbacks.indexOf(callback), 1);
    });
  }
}

/** The worker's Disposable, not the language's: the library constructs it and calls `dispose`. */
class Disposable {
  readonly #onDispose: () => void;

  constructor(onDispose: () => void) {
    this.#onDispose = onDispose;
  }

  static from(...disposables: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  dispose(): void {
    this.#onDispose();
  }
}
