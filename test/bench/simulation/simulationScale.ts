/**
 * Whether a simulation of many devices costs, per device and in memory, what a small one costs. As a program it compares one simulation of
 * 20,000 devices, or as many as are asked for, with one of 500: `node test/bench/simulation/simulationScale.ts [20000]`.
 */
import { argv } from 'node:process';
import { startAzurite } from '../../../src/local/azurite.ts';
import { type BenchRow, benchRow } from '../benchDevice.ts';
import { startBenchServer } from '../benchServer.ts';
import { runProgram } from '../runProgram.ts';
import type { SimulationRun } from './simulationRun.ts';

/** Storage transactions per device, besides those that write its outcome. */
const allowedRequests = 0.1;

/** Long enough that a device which waits is a device in memory. */
const retryAfterSeconds = 1;

export async function simulationScale(quick: boolean): Promise<readonly BenchRow[]> {
  return quick ? compare(50, 200, 1) : compare(500, 5000, 3);
}

async function compare(few: number, many: number, repetitions: number): Promise<readonly BenchRow[]> {
  const [azurite, server] = await Promise.all([startAzurite(), startBenchServer(retryAfterSeconds)]);
  const slowdowns: number[] = [];
  const growths: number[] = [];
  const cpuRatios: number[] = [];
  const requestShares: number[] = [];
  let runs = 0;
  const run = async (devices: number): Promise<SimulationRun> => {
    runs += 1;
    const measured = await runProgram<SimulationRun>(
      './simulation/simulationRun.ts',
      [azurite.connectionString, `bench${runs}`, server.port, devices],
      { ...server, nodeFlags: ['--expose-gc'] },
    );
    const { devicesPerSecond, peakBytes, cpuMsPerDevice, cpuRatio, outcomeWrites, otherRequests } = measured;
    console.error(
      `simulation of ${devices}: ${devicesPerSecond} per second, peak ${(peakBytes / 1e6).toFixed(0)} MB, CPU per device ` +
        `${cpuMsPerDevice.toFixed(2)} ms (${cpuRatio.toFixed(2)} of the exchange), storage requests per device: ` +
        `${outcomeWrites.toFixed(3)} for outcomes, ${otherRequests.toFixed(3)} others`,
    );
    return measured;
  };
  try {
    await run(10); // the first one makes the tables
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      const [small, large] = [await run(few), await run(many)];
      slowdowns.push(small.devicesPerSecond / large.devicesPerSecond);
      growths.push(large.peakBytes / small.peakBytes);
      cpuRatios.push(large.cpuRatio);
      requestShares.push(large.otherRequests / allowedRequests);
    }
  } finally {
    await Promise.all([azurite.close(), server.close()]);
  }
  const words = `simulation of ${many} devices / of ${few}`;
  return [
    benchRow(`time per device, ${words}`, slowdowns, { limit: 1.25 }),
    benchRow(`peak memory of an instance, ${words}`, growths, { limit: 1.5 }),
    benchRow(`cpu per device of a simulation of ${many} / exchange`, cpuRatios, { limit: 1.6 }),
    benchRow(`storage transactions per device beside its outcome / ${allowedRequests}`, requestShares, { limit: 1 }),
  ];
}

if (import.meta.main) {
  const [many = '20000'] = argv.slice(2);
  for (const row of await compare(500, Number(many), 1)) console.log(JSON.stringify(row));
}
