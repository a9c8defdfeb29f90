/** Whether page 100 of the history takes as long as the first one: outcomes of four probes in Azurite. */

import type { OutcomeQuery } from '../../../src/history/listOutcomes.ts';
import { parsePosition } from '../../../src/history/outcomeKeys.ts';
import { startAzurite } from '../../../src/local/azurite.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';
import { seedOutcomes } from '../../support/seedOutcomes.ts';
import { historyAt } from '../../support/useHistory.ts';
import { type BenchRow, benchRow } from '../benchDevice.ts';

const probes = ['bench-a', 'bench-b', 'bench-c', 'bench-d'];
const pages = 100;
const turns = 3;
const newestMs = Date.parse('2026-11-24T00:00:00.000Z');

export async function historyPages(quick: boolean): Promise<readonly BenchRow[]> {
  const pageSize = quick ? 20 : 100;
  const azurite = await startAzurite();
  try {
    for (const probe of probes) await seedOutcomes(azurite.connectionString, outcomesOf(probe, pageSize));
    const history = historyAt(azurite.connectionString);
    const first: OutcomeQuery = { probes, limit: pageSize };
    let last = first;
    for (let page = 1; page < pages; page += 1) {
      const { cursor } = await history.list(last);
      last = { ...first, after: parsePosition(cursor ?? '') };
    }
    const timeOf = async (query: OutcomeQuery) => {
      const start = performance.now();
      const { outcomes } = await history.list(query);
      if (outcomes.length !== pageSize) throw new Error(`expected a whole page, not ${outcomes.length} outcomes`);
      return performance.now() - start;
    };
    const ratios: number[] = [];
    for (let repetition = 0; repetition < (quick ? 9 : 21); repetition += 1) {
      const times: { readonly firstMs: number; readonly lastMs: number }[] = [];
      for (let turn = 0; turn < turns; turn += 1) {
        times.push({ firstMs: await timeOf(first), lastMs: await timeOf(last) });
      }
      // The best of each side: what disturbs a machine only ever makes a page slower.
      const firstMs = Math.min(...times.map((time) => time.firstMs));
      const lastMs = Math.min(...times.map((time) => time.lastMs));
      ratios.push(lastMs / firstMs);
      console.error(`history: page 1 in ${firstMs.toFixed(1)} ms, page ${pages} in ${lastMs.toFixed(1)} ms`);
    }
    return [benchRow('history page 100 / page 1', ratios, { limit: 1.5 })];
  } finally {
    await azurite.close();
  }
}

/** A quarter of the pages, and a row more: the last page that is measured is as full as the first. */
function outcomesOf(probe: string, pageSize: number) {
  return Array.from({ length: (pages * pageSize) / probes.length + 1 }, (_, ago) =>
    buildOutcome({ probe, runId: `run-${ago}`, startedAt: new Date(newestMs - ago * 60_000).toISOString() }),
  );
}
