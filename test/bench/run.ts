/** `npm run bench`: every row is a ratio to a peer or a floor that was measured in the same run. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import Table from 'cli-table3';
import type { BenchRow } from './benchDevice.ts';
import { allRows, quickRows } from './rows.ts';

const usage = `npm run bench [-- --quick] [--json] [--compare FILE]

  --quick         the main rows in about a minute
  --json          a line a row: { "row", "ratio", "direction": "atMost" or "atLeast", "limit", "ok", "spread" }
  --compare FILE  also shows the ratios of an earlier run with --json, and the change
  --help          this text
  Exit code: 0 every row is ok, 1 otherwise, 2 wrong usage.`;

interface Arguments {
  readonly quick: boolean;
  readonly json: boolean;
  /** Rows of an earlier run, by name. */
  readonly earlier?: ReadonlyMap<string, BenchRow> | undefined;
}

async function bench({ quick, json, earlier }: Arguments): Promise<number> {
  const measured: BenchRow[] = [];
  for (const { title, measure } of quick ? quickRows : allRows) {
    console.error(styleText('dim', `measuring ${title} …`));
    for (const row of await measure(quick)) {
      measured.push(row);
      if (json) console.log(JSON.stringify(row));
    }
  }
  if (!json) console.log(tableOf(measured, earlier));
  return measured.every(({ ok }) => ok) ? 0 : 1;
}

function tableOf(measured: readonly BenchRow[], earlier: Arguments['earlier']): string {
  const table = new Table({
    head: ['row', 'ratio', 'limit', 'ok', 'spread', ...(earlier ? ['before', 'change'] : [])],
    colAligns: ['left', 'right', 'right', 'left', 'right', 'right', 'right'],
  });
  for (const { row, ratio, direction, limit, ok, spread } of measured) {
    const bound = `${direction === 'atMost' ? 'at most' : 'at least'} ${limit.toFixed(2)}`;
    const before = earlier?.get(row)?.ratio;
    const change = before === undefined ? ['-', '-'] : [before.toFixed(2), percent(ratio / before - 1, true)];
    table.push([row, ratio.toFixed(2), bound, ok ? 'yes' : 'NO', percent(spread), ...(earlier ? change : [])]);
  }
  return table.toString();
}

function percent(share: number, signed = false): string {
  return `${signed && share > 0 ? '+' : ''}${Math.round(share * 100)} %`;
}

function readArguments(): Arguments | 'help' | string {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        compare: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const { quick, json, compare, help } = values;
    if (help) return 'help';
    if (json && compare !== undefined) return '--compare is for the table: leave --json out.';
    return { quick, json, earlier: compare === undefined ? undefined : readRows(compare) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @throws an Error about what is wrong with the file. */
function readRows(file: string): ReadonlyMap<string, BenchRow> {
  try {
    const text = readFileSync(resolve(process.env.INIT_CWD ?? '.', file), 'utf8');
    const lines = text.split('\n').filter((line) => line.startsWith('{'));
    const rows = lines.map((line) => JSON.parse(line) as BenchRow);
    return new Map(rows.map((row) => [row.row, row]));
  } catch (cause) {
    throw new Error(`--compare: expected a file that npm run bench -- --json has written`, { cause });
  }
}

const args = readArguments();
if (args === 'help') console.log(usage);
else if (typeof args === 'string') {
  console.error(`${args}\n\n${usage}`);
  process.exitCode = 2;
} else process.exitCode = await bench(args);
