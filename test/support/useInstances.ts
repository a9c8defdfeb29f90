import { afterAll, beforeAll } from 'vitest';
import { type ForkedFunctionsHost, forkFunctionsHost } from '../../src/local/functionsHost/forkFunctionsHost.ts';
import { type LocalCloud, startLocalCloud } from '../../src/local/localCloud.ts';
import { type BuiltApp, buildApp } from './builtApp.ts';
import { keys } from './hostKeys.ts';

export interface Instances {
  /** Starts one more instance of the app, on the same storage as the others. */
  start(): Promise<ForkedFunctionsHost>;
  /** In good order, as a deployment does. */
  stopAll(): Promise<void>;
}

export const { functionKey } = keys;

/** The built app with stand-ins for all services, regardless of the environment. Stops after the tests of the file. */
export function useInstances(): Instances {
  const hosts: ForkedFunctionsHost[] = [];
  let app: BuiltApp | undefined;
  let cloud: LocalCloud | undefined;
  beforeAll(async () => {
    const { PROBES: _, PROBES_FILE: __, AzureWebJobsStorage: ___, KEY_VAULT_URL: ____, ...environment } = process.env;
    [app, cloud] = await Promise.all([buildApp(), startLocalCloud(environment)]);
  });
  const stopAll = async () => {
    await Promise.all(hosts.splice(0).map((host) => host.stop()));
  };
  afterAll(async () => {
    await stopAll();
    await cloud?.close();
    await app?.remove();
  });
  return {
    stopAll,
    async start() {
      if (!app || !cloud) throw new Error('instances run only within the tests of a file');
      const host = await forkFunctionsHost({
        appDirectory: app.directory,
        port: 0,
        timers: false,
        ...keys,
        environment: cloud.environment,
        queueLeaseSeconds: 10,
      });
      hosts.push(host);
      return host;
    },
  };
}
