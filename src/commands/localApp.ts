import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { forkFunctionsHost } from '../local/functionsHost/forkFunctionsHost.ts';
import { startLocalCloud } from '../local/localCloud.ts';
import { build } from './build.ts';

/** The functions on this machine, with a stand-in for whatever of Azure is not configured. */
export interface LocalApp {
  readonly url: string;
  /** Function key. */
  readonly key: string;
  /** False where the probes are the samples, which only ever reach the stand-in. */
  readonly serviceLimits: boolean;
  close(): Promise<void>;
}

/** Without timers: who simulates does not want probes in between. @throws a sentence that says what to do. */
export async function startLocalApp(): Promise<LocalApp> {
  await build();
  const cloud = await startLocalCloud(process.env);
  const key = randomBytes(16).toString('hex');
  try {
    const host = await forkFunctionsHost({
      appDirectory: fileURLToPath(new URL('../..', import.meta.url)),
      port: 0,
      timers: false,
      functionKey: key,
      masterKey: randomBytes(16).toString('hex'),
      environment: cloud.environment,
    });
    host.onLog(({ level, message }) => {
      if (level === 'error' || level === 'critical') console.error(`  ! ${message}`);
    });
    return {
      url: host.url,
      key,
      serviceLimits: (process.env.PROBES ?? process.env.PROBES_FILE) !== undefined,
      close: async () => {
        await host.stop();
        await cloud.close();
      },
    };
  } catch (error) {
    await cloud.close();
    throw error;
  }
}
