import { startEmulator } from '../../scripts/startEmulator.ts';
import { benchConfiguration } from './benchDevices.ts';

export interface BenchServer {
  readonly port: number;
  readonly caFile: string;
  readonly close: () => Promise<void>;
}

/** The stand-in in a separate process, so that its work is not counted as the client's. */
export async function startBenchServer(retryAfterSeconds: number): Promise<BenchServer> {
  const { mqtts: port, caFile, close } = await startEmulator(benchConfiguration(retryAfterSeconds));
  return { port, caFile, close };
}
