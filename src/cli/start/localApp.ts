import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { build } from '../../../scripts/build.ts';
import { type ForkedFunctionsHost, forkFunctionsHost } from '../../local/functionsHost/forkFunctionsHost.ts';
import { type LocalCloud, type StandIn, startLocalCloud } from '../../local/localCloud.ts';

/** The functions on this machine, with stand-ins for Azure services that are not configured. */
export interface LocalApp {
  readonly url: string;
  /** Function key. */
  readonly key: string;
  readonly host: ForkedFunctionsHost;
  readonly standIns: readonly StandIn[];
  /** False when the probes are the samples, which only use the stand-in. */
  readonly serviceLimits: boolean;
  /** Stops the functions first, which may still store data, and then the storage. */
  close(): Promise<void>;
}

export interface LocalAppOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly timers: boolean;
  /** Default: a new key with each start. */
  readonly functionKey?: string | undefined;
  readonly dataDirectory?: string | undefined;
  readonly failingSample?: boolean;
}

/** @throws a sentence with the next step. */
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

/** Builds while the stand-ins start, because both are slow. Stops the stand-ins if the build fails. */
async function buildBeside(starting: Promise<LocalCloud>): Promise<LocalCloud> {
  const [built, started] = await Promise.allSettled([build(), starting]);
  if (built.status === 'rejected') {
    if (started.status === 'fulfilled') await started.value.close();
    throw built.reason;
  }
  return starting;
}

/** Shows errors of the functions on stderr. */
export function reportHostErrors({ host }: LocalApp): void {
  host.onLog(({ level, message }) => {
    if (level === 'error' || level === 'critical') console.error(`  ! ${message}`);
  });
}
