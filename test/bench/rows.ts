import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/build.ts';
import { type BenchRow, benchRow } from './benchDevice.ts';
import { startBenchServer } from './benchServer.ts';
import { emulatorRegistrations } from './emulatorRegistrations.ts';
import { historyPages } from './historyPages.ts';
import { runProgram } from './runProgram.ts';
import { simulationScale } from './simulationScale.ts';

export interface BenchRows {
  readonly title: string;
  /** `quick`: fewer repetitions, for a look rather than a claim. */
  measure(quick: boolean): Promise<readonly BenchRow[]>;
}

export const rows: readonly BenchRows[] = [
  { title: 'client CPU per registration', measure: exchangeCpu },
  { title: 'memory per waiting device', measure: waitingMemory },
  { title: 'load time of the bundle', measure: loadTime },
  { title: 'pages of the history', measure: historyPages },
  { title: 'a simulation as it grows', measure: simulationScale },
  { title: 'registrations that the emulator serves', measure: emulatorRegistrations },
];

async function exchangeCpu(quick: boolean): Promise<readonly BenchRow[]> {
  const server = await startBenchServer(0);
  try {
    const args = quick ? [server.port, 3, 100] : [server.port, 9, 250];
    return await runProgram<readonly BenchRow[]>('./exchangeCpu.ts', args, server);
  } finally {
    await server.close();
  }
}

async function waitingMemory(quick: boolean): Promise<readonly BenchRow[]> {
  const server = await startBenchServer(50);
  const bytesOf = async (client: string) => {
    const options = { ...server, nodeFlags: ['--expose-gc'] };
    const args = [client, server.port, quick ? 300 : 500];
    return (await runProgram<{ readonly bytesPerDevice: number }>('./waitingMemory.ts', args, options)).bytesPerDevice;
  };
  const toFloor: number[] = [];
  const toSdk: number[] = [];
  try {
    for (let repetition = 0; repetition < (quick ? 1 : 3); repetition += 1) {
      const ours = await bytesOf('exchange');
      const floor = await bytesOf('floor');
      const sdk = await bytesOf('sdk');
      toFloor.push(ours / floor);
      toSdk.push(ours / sdk);
      console.error(`kB per waiting device: ours ${kB(ours)}, floor ${kB(floor)}, SDK ${kB(sdk)}`);
    }
  } finally {
    await server.close();
  }
  return [
    benchRow('memory per waiting device / bare tls + mqtt-packet', toFloor, 1.75),
    benchRow('memory per waiting device / Microsoft Node SDK', toSdk, 0.8),
  ];
}

async function loadTime(quick: boolean): Promise<readonly BenchRow[]> {
  await build();
  const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const loadMs = async (path: string) =>
    (await runProgram<{ readonly loadMs: number }>('./loadTime.ts', [file(path)])).loadMs;
  const ratios: number[] = [];
  for (let repetition = 0; repetition < (quick ? 3 : 7); repetition += 1) {
    const bundle = await loadMs('dist/main.mjs');
    const source = await loadMs('src/main.ts');
    ratios.push(bundle / source);
    console.error(`load: bundle ${bundle.toFixed(0)} ms, source ${source.toFixed(0)} ms`);
  }
  return [benchRow('load time of the bundle / of the source', ratios, 0.7)];
}

function kB(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
