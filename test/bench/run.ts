/** `npm run bench [-- --quick] [--json]`: every row is a ratio to a peer or a floor that was measured in the same run. */
import { parseArgs, styleText } from 'node:util';
import Table from 'cli-table3';
import type { BenchRow } from './benchDevice.ts';
import { rows } from './rows.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'boolean' } } });
const { quick = false, json = false } = values;

const measured: BenchRow[] = [];
for (const { title, measure } of rows) {
  console.error(styleText('dim', `measuring ${title} …`));
  for (const row of await measure(quick)) {
    measured.push(row);
    if (json) console.log(JSON.stringify(row));
  }
}
if (!json) {
  const table = new Table({
    head: ['row', 'ratio', 'at most', 'ok', 'spread'],
    colAligns: ['left', 'right', 'right', 'left', 'right'],
  });
  for (const { row, ratio, limit, ok, spread } of measured) {
    table.push([row, ratio.toFixed(2), limit.toFixed(2), ok ? 'yes' : 'NO', `${Math.round(spread * 100)} %`]);
  }
  console.log(table.toString());
}
process.exitCode = measured.every(({ ok }) => ok) ? 0 : 1;
