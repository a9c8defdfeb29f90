import * as z from 'zod/mini';
import { type Outcome, type Trigger, type Verdict, verdicts } from '../outcomes/outcome.ts';
import { fromChunks, toChunks } from '../storage/chunkedText.ts';
import { double, type Row } from '../storage/table.ts';
import type { PhaseTimes } from '../transport/phase.ts';
import { fitOutcome } from './fitOutcome.ts';
import { type OutcomeIndex, partitionOf, positionOf, rowKeyOf } from './outcomeKeys.ts';

/** The fields of an outcome for bars, counts and percentiles, read from columns without parsing its JSON. */
export interface RunSummary {
  readonly runId: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: Verdict;
  readonly trigger: Trigger;
  readonly phases: PhaseTimes;
  readonly waitedMs?: number;
  readonly reason?: string;
}

export const summaryColumns = [
  'runId',
  'startedAt',
  'durationMs',
  'verdict',
  'trigger',
  'phases',
  'waitedMs',
  'reason',
] as const;

export const outcomeTable = 'outcomes';

const jsonName = 'outcome';

/**
 * Maximum number of JSON characters in one row. An outcome has up to three rows in one transaction of 4 MiB, and a character takes at most
 * three bytes, as UTF-8 or escaped.
 */
const maxJsonLength = 192_000;
const maxReasonLength = 1_000;

/**
 * The rows of one outcome, one for each index that it belongs to: columns for queries, and the outcome as JSON in `outcome0`, `outcome1` …
 * An outcome that does not fit is shortened; its `notes` and the column `trimmed` then report what was removed.
 */
export function rowsOf(outcome: Outcome): readonly Row[] {
  const columns = columnsOf(outcome);
  const position = positionOf(outcome);
  return indexesOf(outcome).map((index) => ({
    partitionKey: partitionOf(outcome.probe, outcome.location),
    rowKey: rowKeyOf(index, position),
    ...columns,
  }));
}

function indexesOf(outcome: Outcome): OutcomeIndex[] {
  const indexes: OutcomeIndex[] = ['all'];
  if (outcome.verdict !== 'healthy') indexes.push('unhealthy');
  if (outcome.events?.length) indexes.push('drift');
  return indexes;
}

function columnsOf(outcome: Outcome) {
  const { text, trimmed } = fitOutcome(outcome, maxJsonLength);
  const { result, reasons } = outcome;
  return {
    runId: outcome.runId,
    startedAt: outcome.startedAt,
    durationMs: double(outcome.durationMs),
    ...(outcome.waitedMs !== undefined && { waitedMs: double(outcome.waitedMs) }),
    verdict: outcome.verdict,
    trigger: outcome.trigger,
    location: outcome.location,
    registrationId: outcome.registrationId.toWellFormed(),
    resultKind: result.kind,
    ...('phase' in result && result.phase !== undefined && { phase: result.phase }),
    ...('errorCode' in result && result.errorCode !== undefined && { errorCode: result.errorCode }),
    phases: JSON.stringify(outcome.phases),
    ...(reasons[0] !== undefined && { reason: shorten(reasons[0]) }),
    ...(trimmed !== undefined && { trimmed }),
    ...toChunks(jsonName, text),
  };
}

function shorten(reason: string): string {
  return (reason.length > maxReasonLength ? `${reason.slice(0, maxReasonLength - 1)}…` : reason).toWellFormed();
}

const verdict = z.enum(verdicts);
const trigger = z.enum(['timer', 'http', 'simulation']);
const phaseTimes = z.record(z.string(), z.number());

const storedOutcome = z.looseObject({
  runId: z.string(),
  probe: z.string(),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  verdict,
  trigger,
  reasons: z.array(z.string()),
  phases: phaseTimes,
  result: z.looseObject({ kind: z.string() }),
});

const storedSummary = z.object({
  runId: z.string(),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  verdict,
  trigger,
  phases: z.string(),
  // A selected column that the row does not have may be null.
  waitedMs: z.nullish(z.number()),
  reason: z.nullish(z.string()),
});

/** Throws an error that names the row if it has no valid outcome. Only this module writes rows. */
export function outcomeOf(row: Readonly<Record<string, unknown>>): Outcome {
  return readingRow(row, () => {
    return storedOutcome.parse(JSON.parse(fromChunks(jsonName, row) ?? '')) as unknown as Outcome;
  });
}

export function summaryOf(row: Readonly<Record<string, unknown>>): RunSummary {
  return readingRow(row, () => {
    const { phases, waitedMs, reason, ...summary } = storedSummary.parse(row);
    return {
      ...summary,
      phases: phaseTimes.parse(JSON.parse(phases)),
      ...(typeof waitedMs === 'number' && { waitedMs }),
      ...(typeof reason === 'string' && { reason }),
    };
  });
}

function readingRow<Value>(row: Readonly<Record<string, unknown>>, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw new Error(`row ${row.rowKey} of partition ${row.partitionKey} of the history holds no outcome`, { cause });
  }
}
