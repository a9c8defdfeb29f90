/** Loads a built function app as the Node worker does. */
import { glob, readFile } from 'node:fs/promises';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { HostError } from './hostError.ts';
import type { HostLog } from './hostLog.ts';
import { WorkerApp } from './workerApp.ts';

const require = createRequire(import.meta.url);

const packageSchema = z.object({ main: z.string().min(1), type: z.string().optional() });

/**
 * Loads the entry points that `main` of the app's package.json names (a path or a glob), then runs its `appStart` hooks.
 * Throws a HostError when the app is not built, fails to load, or registers nothing.
 */
export async function loadApp(appDirectory: string, log: HostLog): Promise<WorkerApp> {
  const { main, type } = await readPackage(appDirectory);
  const entries: string[] = [];
  for await (const entry of glob(main, { cwd: appDirectory })) entries.push(entry);
  if (entries.length === 0) {
    throw new HostError(`There is no ${main} in ${appDirectory}: build the app first (npm run build).`);
  }
  const app = new WorkerApp(log);
  const restoreRequire = provideCoreModule(app.coreApi);
  try {
    for (const entry of entries.sort()) await loadEntry(path.resolve(appDirectory, entry), type === 'module');
  } finally {
    restoreRequire();
  }
  // If a loader bypasses require(), the library is in test mode and silently drops every registration.
  if (app.functions.size === 0) {
    throw new HostError(
      `${main} in ${appDirectory} registered no function: check that it imports them, and that it takes @azure/functions-core from the worker.`,
    );
  }
  await app.programmingModel.getCapabilities?.({});
  await app.runHooks('appStart', {
    hookData: app.appLevelHookData,
    appHookData: app.appHookData,
    functionAppDirectory: appDirectory,
  });
  app.lockRegistration();
  return app;
}

async function readPackage(appDirectory: string): Promise<z.infer<typeof packageSchema>> {
  const file = path.join(appDirectory, 'package.json');
  try {
    return packageSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new HostError(`${file} cannot be read or names no "main": point the host at a function app's folder.`, {
      cause,
    });
  }
}

/** As in the worker: provides one built-in module before Node resolves it. */
function provideCoreModule(coreApi: object): () => void {
  const original = Module.prototype.require;
  Module.prototype.require = new Proxy(original, {
    apply: (target, thisArgument, args: [string]) =>
      args[0] === '@azure/functions-core' ? coreApi : Reflect.apply(target, thisArgument, args),
  });
  return () => {
    Module.prototype.require = original;
  };
}

async function loadEntry(file: string, isModulePackage: boolean): Promise<void> {
  try {
    if (file.endsWith('.mjs') || (isModulePackage && !file.endsWith('.cjs'))) {
      await import(pathToFileURL(file).href);
    } else {
      // A new copy each time, as in a new worker, because this process may run several hosts.
      delete require.cache[require.resolve(file)];
      require(file);
    }
  } catch (cause) {
    if (cause instanceof HostError) throw cause;
    const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    throw new HostError(`The app's entry point ${file} could not be loaded: ${reason}`, { cause });
  }
}
