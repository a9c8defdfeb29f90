/**
 * How a simulation grows with the worker processes that share one storage: `node test/bench/growth/growth.ts`. The devices cost nothing,
 * because each instance has its own processor for them; the storage is what all instances share. Its figures are those of
 * docs/simulations.md.
 */
import Table from 'cli-table3';
import { startSharedStorage } from './sharedStorage.ts';

const processCounts = [1, 2, 4, 8];
const rowChangesForMs = 5_000;
/** Simulations of one device each: a batch costs the same for one device as for 250, but for the outcomes. */
const batches = { simulations: 100, devicesOfEach: 1 };
/** Ten batches of each. */
const outcomes = { simulations: 4, devicesOfEach: 2_500 };

const table = new Table({
  head: [
    'processes',
    'row changes/s',
    'longest',
    'batches/s',
    'outcomes/s',
    'storage CPU: rows',
    'batches',
    'outcomes',
  ],
});
const percent = (share: number) => `${Math.round(share * 100)} %`;
const storage = await startSharedStorage();
try {
  for (const processes of processCounts) {
    const rows = await storage.changeRow(processes, rowChangesForMs);
    const batch = await storage.work({ processes, ...batches });
    const outcome = await storage.work({ processes, ...outcomes });
    const [rowFigure, ...figures] = [rows, batch, outcome].map(({ perSecond }) => perSecond.toFixed(0));
    const cpu = [rows, batch, outcome].map(({ storageCpu }) => percent(storageCpu));
    table.push([processes, rowFigure, `${(rows.longestMs / 1000).toFixed(1)} s`, ...figures, ...cpu]);
  }
  console.log(table.toString());
} finally {
  await storage.close();
}
