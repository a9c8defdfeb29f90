import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type ForkedFunctionsHost, forkFunctionsHost } from '../local/functionsHost/forkFunctionsHost.ts';
import { type StandIn, startLocalCloud } from '../local/localCloud.ts';
import { build } from './build.ts';

/** The functions on this machine, with a stand-in for whatever of Azure is not configured. */
export interface LocalApp {
  readonly url: string;
  /** Function key. */
  readonly key: string;
  readonly masterKey: string;
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
}

/** Often enough that a person sees the samples tick. In Azure, and with probes of one's own, it is every five minutes. */
const sampleSchedule = '*/20 * * * * *';

/** @throws a sentence that says what to do. */
export async function startLocalApp({ port, timers }: LocalAppOptions): Promise<LocalApp> {
  const ownProbes = (process.env.PROBES ?? process.env.PROBES_FILE) !== undefined;
  const [key, masterKey] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  await build();
  const cloud = await startLocalCloud(process.env);
  try {
    const host = await forkFunctionsHost({
      appDirectory: fileURLToPath(new URL('../..', import.meta.url)),
      port,
      timers,
      functionKey: key,
      masterKey,
      environment: ownProbes ? cloud.environment : { PROBE_SCHEDULE: sampleSchedule, ...cloud.environment },
    });
    return {
      url: host.url,
      key,
      masterKey,
      host,
      standIns: cloud.standIns,
      serviceLimits: ownProbes,
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

/** What goes wrong inside the functions is said on stderr, whatever else is shown. */
export function reportHostFaults({ host }: LocalApp): void {
  host.onLog(({ level, message }) => {
    if (level === 'error' || level === 'critical') console.error(`  ! ${message}`);
  });
}
