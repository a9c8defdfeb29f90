/** `npm run bench [-- --quick] [--json]`: every row is a ratio to a peer or a floor that was measured in the same run. */
import { parseArgs, styleText } from 'node:util';
import Table from 'cli-table3';
import type { BenchRow } from './benchDevice.ts';
import { rows } from './rows.ts';

const usage = `npm run bench [-- --quick] [--json]

  --quick  in about a minute: fewer repetitions
  --json   a line a row: { "row", "ratio", "direction", "limit", "ok", "spread" }
  Exit code: 0 every row is within its limit, 1 otherwise, 2 wrong usage.`;

async function bench({ quick, json }: { readonly quick: boolean; readonly json: boolean }): Promise<number> {
  const measured: BenchRow[] = [];
  for (const { title, measure } of rows) {
    console.error(styleText('dim', `measuring ${title} …`));
    for (const row of await measure(quick)) {
      measured.push(row);
      if (json) console.log(JSON.stringify(row));
    }
  }
  if (!json) console.log(tableOf(measured));
  return measured.every(({ ok }) => ok) ? 0 : 1;
}

function tableOf(measured: readonly BenchRow[]): string {
  const table = new Table({
    head: ['row', 'ratio', 'limit', 'ok', 'spread'],
    colAligns: ['left', 'right', 'right', 'left', 'right'],
  });
  for (const { row, ratio, direction, limit, ok, spread } of measured) {
    const bound = `${direction === 'atMost' ? 'at most' : 'at least'} ${limit.toFixed(2)}`;
    table.push([row, ratio.toFixed(2), bound, ok ? 'yes' : 'NO', `${Math.round(spread * 100)} %`]);
  }
  return table.toString();
}

function readArguments() {
  try {
    const options = { quick: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
    const { quick = false, json = false, help = false } = parseArgs({ options }).values;
    return help ? 'help' : { quick, json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const args = readArguments();
if (args === 'help') console.log(usage);
else if (typeof args === 'string') {
  console.error(`${args}\n\n${usage}`);
  process.exitCode = 2;
} else process.exitCode = await bench(args);
