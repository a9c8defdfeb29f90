import { type BenchRow, benchRow } from '../benchDevice.ts';
import { startSharedStorage } from './sharedStorage.ts';

/** A device that waits `retry-after`, and its exchange. An instance runs 250 at once, so that it works off at most 125 a second. */
const deviceMs = 2_000;
/** Four batches for each of two instances. */
const devices = 2_000;

/**
 * Devices per second of two instances to those of one. The devices wait and need no CPU, because on one machine the instances would share
 * the cores that each has for itself in Azure; storage is real and shared.
 */
export async function twoInstances(quick: boolean): Promise<readonly BenchRow[]> {
  const storage = await startSharedStorage();
  const ratios: number[] = [];
  try {
    for (let repetition = 0; repetition < (quick ? 1 : 3); repetition += 1) {
      const work = { simulations: 1, devicesOfEach: devices, deviceMs };
      const one = await storage.work({ ...work, processes: 1 });
      const two = await storage.work({ ...work, processes: 2 });
      ratios.push(two.perSecond / one.perSecond);
      console.error(`devices per second: one instance ${one.perSecond.toFixed(0)}, two ${two.perSecond.toFixed(0)}`);
    }
  } finally {
    await storage.close();
  }
  return [
    benchRow('devices per second, two instances / one, devices that only wait', ratios, {
      limit: 1.6,
      direction: 'atLeast',
    }),
  ];
}
