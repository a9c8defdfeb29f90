import { locationTable, registerLocation } from '../../src/history/locations.ts';
import { outcomeTable, rowsOf } from '../../src/history/outcomeRow.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { maxRowsAtOnce } from '../../src/storage/table.ts';
import { tablesAt } from './useHistory.ts';

/** Writes many outcomes as `append` would, a hundred rows a request. */
export async function seedOutcomes(connectionString: string, outcomes: readonly Outcome[]): Promise<void> {
  const open = tablesAt(connectionString);
  const table = open(outcomeTable);
  for (const location of new Set(outcomes.map((outcome) => outcome.location))) {
    await registerLocation(open(locationTable), location);
  }
  for (const rows of Map.groupBy(outcomes.flatMap(rowsOf), ({ partitionKey }) => partitionKey).values()) {
    for (let start = 0; start < rows.length; start += maxRowsAtOnce) {
      await table.put(rows.slice(start, start + maxRowsAtOnce));
    }
  }
}
