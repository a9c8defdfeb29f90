import type { Edm, TableEntity } from '@azure/data-tables';
import * as z from 'zod';
import { type Outcome, type Trigger, type Verdict, verdicts } from '../outcomes/outcome.ts';
import type { PhaseTimes } from '../transport/phase.ts';
import type { TranscriptEntry } from '../transport/transcript.ts';
import { type OutcomeIndex, positionOf, rowKeyOf } from './outcomeKeys.ts';

/** What bars, counts and percentiles need of an outcome: read from columns, without its JSON. */
export interface RunSummary {
  readonly runId: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: Verdict;
  readonly trigger: Trigger;
  readonly phases: PhaseTimes;
  readonly reason?: string;
}

export const summaryColumns = ['runId', 'startedAt', 'durationMs', 'verdict', 'trigger', 'phases', 'reason'] as const;

export const outcomeTable = 'outcomes';

/** Columns to query by, and the Outcome itself as JSON in `outcome0`, `outcome1` … */
export type OutcomeRow = TableEntity<{
  readonly runId: string;
  readonly startedAt: string;
  readonly durationMs: number | Edm<'Double'>;
  readonly verdict: string;
  readonly trigger: string;
  readonly location: string;
  readonly registrationId: string;
  readonly resultKind: string;
  readonly phase?: string;
  readonly errorCode?: number;
  /** JSON of the phase times. */
  readonly phases: string;
  /** The first reason, possibly shortened; the JSON has them all. */
  readonly reason?: string;
  /** A sentence that says what of the outcome is not in its row. */
  readonly trimmed?: string;
  readonly outcomeParts: number;
}>;

/** A string property holds 64 KiB, which is 32,768 UTF-16 units; a row holds 1 MiB, and leaves room for the other columns. */
const partLength = 32_000;
const maxParts = 12;
const reasonLength = 1_000;

/**
 * The rows of one outcome, one for each index it belongs to. A transcript that does not fit is cut in its middle, and both the
 * transcript and the row say so. Throws when the rest alone does not fit: an outcome is never kept in part without a word.
 */
export function rowsOf(outcome: Outcome): readonly OutcomeRow[] {
  const columns = columnsOf(outcome);
  const position = positionOf(outcome);
  return indexesOf(outcome).map((index) => ({
    partitionKey: outcome.probe,
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
  const { text, trimmed } = fittingJson(outcome);
  const { result, reasons } = outcome;
  const parts = partsOf(text);
  return {
    runId: outcome.runId,
    startedAt: outcome.startedAt,
    durationMs: double(outcome.durationMs),
    verdict: outcome.verdict,
    trigger: outcome.trigger,
    location: outcome.location,
    registrationId: outcome.registrationId,
    resultKind: result.kind,
    ...('phase' in result && { phase: result.phase }),
    ...('errorCode' in result && result.errorCode !== undefined && { errorCode: result.errorCode }),
    phases: JSON.stringify(outcome.phases),
    ...(reasons[0] !== undefined && { reason: shorten(reasons[0]) }),
    ...(trimmed !== undefined && { trimmed }),
    outcomeParts: parts.length,
    ...Object.fromEntries(parts.map((part, number) => [`outcome${number}`, part])),
  };
}

/** Always of one type: the client library would write a whole number as an Int32. */
function double(value: number): Edm<'Double'> {
  return { type: 'Double', value };
}

function fittingJson(outcome: Outcome): { readonly text: string; readonly trimmed?: string } {
  const maxLength = partLength * maxParts;
  const text = JSON.stringify(outcome);
  if (text.length <= maxLength) return { text };
  const transcript = outcome.transcript ?? [];
  for (let kept = transcript.length >> 1; kept > 0; kept >>= 1) {
    const left = transcript.length - kept;
    const trimmed = `${left} of ${transcript.length} transcript entries left out: a row of the history holds ${maxLength} characters`;
    const shorter = JSON.stringify({ ...outcome, transcript: cutMiddle(transcript, kept, trimmed) });
    if (shorter.length <= maxLength) return { text: shorter, trimmed };
  }
  throw new Error(
    `outcome ${outcome.runId} of probe ${outcome.probe} has ${text.length} characters, and a row of the history holds ${maxLength}`,
  );
}

/** The beginning says how it came about, the end how it went out. */
function cutMiddle(transcript: readonly TranscriptEntry[], kept: number, why: string): TranscriptEntry[] {
  const head = transcript.slice(0, kept - (kept >> 1));
  const tail = transcript.slice(transcript.length - (kept >> 1));
  return [...head, { atMs: head.at(-1)?.atMs ?? 0, direction: 'note', what: 'trimmed', detail: why }, ...tail];
}

function partsOf(text: string): string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + partLength, text.length);
    // Half a surrogate pair is no text that can be stored.
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function shorten(reason: string): string {
  return reason.length > reasonLength ? `${reason.slice(0, reasonLength - 1)}…`.toWellFormed() : reason;
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
  reason: z.string().optional(),
});

/** Throws, naming the row, when it holds no outcome: nobody but this module writes rows. */
export function outcomeOf(row: Readonly<Record<string, unknown>>): Outcome {
  return readingRow(row, () => {
    const parts = Array.from({ length: Number(row.outcomeParts) }, (_, number) => row[`outcome${number}`]);
    return storedOutcome.parse(JSON.parse(parts.join(''))) as unknown as Outcome;
  });
}

export function summaryOf(row: Readonly<Record<string, unknown>>): RunSummary {
  return readingRow(row, () => {
    const { phases, reason, ...summary } = storedSummary.parse(row);
    return {
      ...summary,
      phases: phaseTimes.parse(JSON.parse(phases)),
      ...(reason !== undefined && { reason }),
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
