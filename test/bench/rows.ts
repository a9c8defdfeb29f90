import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build } from '../../scripts/build.ts';
import { bundle } from '../../scripts/bundle.ts';
import { projectDirectory } from '../../scripts/projectFiles.ts';
import { type BenchRow, benchRow } from './benchDevice.ts';
import { startBenchServer } from './benchServer.ts';
import { emulatorRegistrations } from './emulator/emulatorRegistrations.ts';
import { twoInstances } from './growth/twoInstances.ts';
import { historyPages } from './history/historyPages.ts';
import { statusPages } from './history/statusPages.ts';
import { runProgram } from './runProgram.ts';
import { simulationScale } from './simulation/simulationScale.ts';
import { coldStart } from './start/coldStart.ts';
import { probeCommand } from './start/probeCommand.ts';

export interface BenchRows {
  readonly title: string;
  /** `quick`: fewer and shorter rounds, for an estimate. */
  readonly measure: (quick: boolean) => Promise<readonly BenchRow[]>;
}

/** With `--quick`: the rows that CONTRACT.md names, in about a minute. */
export const quickRows: readonly BenchRows[] = [
  { title: 'client CPU', measure: clientCpu },
  { title: 'the time of a run', measure: runTimes },
  { title: 'memory per waiting device', measure: waitingMemory },
  { title: 'load of the bundle', measure: loadTime },
  { title: 'pages of the history', measure: historyPages },
  { title: 'registrations at the emulator', measure: emulatorRegistrations },
];

export const allRows: readonly BenchRows[] = [
  ...quickRows,
  { title: 'npm run probe', measure: probeCommand },
  { title: 'a cold start', measure: coldStart },
  { title: 'status page over 90 days', measure: statusPages },
  { title: 'a simulation as it grows', measure: simulationScale },
  { title: 'two instances', measure: twoInstances },
];

async function clientCpu(quick: boolean): Promise<readonly BenchRow[]> {
  const rows = await rowsOf('./clients/clientCpu.ts', ...(quick ? [9, 40] : [15, 150]));
  return quick ? rows.slice(0, 3) : rows; // without the one of resumed sessions
}

async function runTimes(quick: boolean): Promise<readonly BenchRow[]> {
  const rows = await rowsOf('./clients/runTimes.ts', ...(quick ? [9, 10, 'alone'] : [25, 40]));
  return quick ? rows.slice(0, 1) : rows; // without those that need more rounds
}

/** Of a program that registers at a stand-in. */
async function rowsOf(program: string, ...args: readonly (string | number)[]): Promise<readonly BenchRow[]> {
  const server = await startBenchServer(0);
  try {
    return await runProgram<readonly BenchRow[]>(program, [server.port, ...args], server);
  } finally {
    await server.close();
  }
}

async function waitingMemory(quick: boolean): Promise<readonly BenchRow[]> {
  const server = await startBenchServer(100);
  const bytesOf = async (client: string) => {
    const options = { ...server, nodeFlags: ['--expose-gc'] };
    const args = [client, server.port, quick ? 250 : 2000];
    return (await runProgram<{ readonly bytesPerDevice: number }>('./clients/waitingMemory.ts', args, options))
      .bytesPerDevice;
  };
  const toMqttJs: number[] = [];
  const toSdk: number[] = [];
  try {
    for (let repetition = 0; repetition < (quick ? 2 : 5); repetition += 1) {
      const ours = await bytesOf('exchange');
      const mqttJs = await bytesOf('mqttJs');
      const sdk = await bytesOf('sdk');
      toMqttJs.push(ours / mqttJs);
      toSdk.push(ours / sdk);
      console.error(`kB per waiting device: ours ${kB(ours)}, mqtt.js ${kB(mqttJs)}, SDK ${kB(sdk)}`);
    }
  } finally {
    await server.close();
  }
  return [
    benchRow('memory per waiting device / mqtt.js alone', toMqttJs, { limit: 1.2 }),
    benchRow('memory per waiting device / Microsoft Node SDK', toSdk, { limit: 0.9 }),
  ];
}

async function loadTime(quick: boolean): Promise<readonly BenchRow[]> {
  await build();
  const folder = mkdtempSync(join(tmpdir(), 'bench-load-'));
  const empty = join(folder, 'empty.mjs');
  try {
    await bundle({
      projectDirectory,
      entry: 'test/bench/start/emptyApp.ts',
      outFile: relative(projectDirectory, empty),
    });
    const cpuMs = async (file: string) =>
      (await runProgram<{ readonly cpuMs: number }>('./start/loadTime.ts', [file])).cpuMs;
    const ratios: number[] = [];
    for (let repetition = 0; repetition < (quick ? 11 : 25); repetition += 1) {
      const ours = await cpuMs(join(projectDirectory, 'dist/main.mjs'));
      const theirs = await cpuMs(empty);
      ratios.push(ours / theirs);
      console.error(`load: bundle ${ours.toFixed(0)} ms of CPU, empty app ${theirs.toFixed(0)} ms`);
    }
    return [benchRow('load of the bundle / empty app', ratios, { limit: 3 })];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function kB(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
