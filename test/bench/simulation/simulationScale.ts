/** Whether a simulation of many devices costs, per device and in memory, what a small one costs. */
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
  const sizes = quick ? { one: 10, few: 50, many: 200 } : { one: 10, few: 500, many: 5000 };
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
    await run(sizes.one);
    for (let repetition = 0; repetition < (quick ? 1 : 3); repetition += 1) {
      const [few, many] = [await run(sizes.few), await run(sizes.many)];
      slowdowns.push(few.devicesPerSecond / many.devicesPerSecond);
      growths.push(many.peakBytes / few.peakBytes);
      cpuRatios.push(many.cpuRatio);
      requestShares.push(many.otherRequests / allowedRequests);
    }
  } finally {
    await Promise.all([azurite.close(), server.close()]);
  }
  const words = `simulation of ${sizes.many} devices / of ${sizes.few}`;
  return [
    benchRow(`time per device, ${words}`, slowdowns, { limit: 1.25 }),
    benchRow(`peak memory of an instance, ${words}`, growths, { limit: 1.5 }),
    benchRow(`cpu per device of a simulation of ${sizes.many} / exchange`, cpuRatios, { limit: 1.6 }),
    benchRow(`storage transactions per device beside its outcome / ${allowedRequests}`, requestShares, { limit: 1 }),
  ];
}
