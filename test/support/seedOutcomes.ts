import { TableClient } from '@azure/data-tables';
import { outcomeTable, rowsOf } from '../../src/history/outcomeRow.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';

const batchSize = 100;

/** Writes many outcomes of one probe as `append` would, a hundred rows a request. */
export async function seedOutcomes(connectionString: string, outcomes: readonly Outcome[]): Promise<void> {
  const table = TableClient.fromConnectionString(connectionString, outcomeTable, { allowInsecureConnection: true });
  await table.createTable();
  const rows = outcomes.flatMap(rowsOf);
  for (let start = 0; start < rows.length; start += batchSize) {
    await table.submitTransaction(rows.slice(start, start + batchSize).map((row) => ['upsert', row, 'Replace']));
  }
}
