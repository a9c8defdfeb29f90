import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { build } from '../../../scripts/build.ts';
import { type ForkedFunctionsHost, forkFunctionsHost } from '../../local/functionsHost/forkFunctionsHost.ts';
import { type LocalCloud, type StandIn, startLocalCloud } from '../../local/localCloud.ts';

/** The functions on this machine, with a stand-in for whatever of Azure is not configured. */
export interface LocalApp {
  readonly url: string;
  /** Function key. */
  readonly key: string;
  readonly host: ForkedFunctionsHost;
  readonly standIns: readonly StandIn[];
  /** False where the probes are the samples, which only ever reach the stand-in. */
  readonly serviceLimits: boolean;
  /** The functions first, which may still have something to store, then what they store it in. */
  close(): Promise<void>;
}

export interface LocalAppOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly timers: boolean;
  /** Default: a new one with each start. */
  readonly functionKey?: string | undefined;
  readonly dataDirectory?: string | undefined;
  readonly failingSample?: boolean;
}

/** @throws a sentence that says what to do. */
export async function startLocalApp(options: LocalAppOptions): Promise<LocalApp> {
  const { port, timers, functionKey: key = newKey(), dataDirectory, failingSample = false } = options;
  const cloud = await buildBeside(startLocalCloud(process.env, { dataDirectory, failingSample }));
  try {
    const host = await forkFunctionsHost({
      appDirectory: fileURLToPath(new URL('../../..', import.meta.url)),
      port,
      timers,
      functionKey: key,
      masterKey: newKey(),
      environment: cloud.environment,
    });
    return {
      url: host.url,
      key,
      host,
      standIns: cloud.standIns,
      serviceLimits: cloud.ownProbes,
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

function newKey(): string {
  return randomBytes(16).toString('hex');
}

/** Both take their time and wait for different things. The cloud does not outlive a build that fails. */
async function buildBeside(starting: Promise<LocalCloud>): Promise<LocalCloud> {
  const [built, started] = await Promise.allSettled([build(), starting]);
  if (built.status === 'rejected') {
    if (started.status === 'fulfilled') await started.value.close();
    throw built.reason;
  }
  return starting;
}

/** What goes wrong inside the functions is shown on stderr, whatever else is shown. */
export function reportHostErrors({ host }: LocalApp): void {
  host.onLog(({ level, message }) => {
    if (level === 'error' || level === 'critical') console.error(`  ! ${message}`);
  });
}
