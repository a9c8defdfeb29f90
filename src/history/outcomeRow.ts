import * as z from 'zod/mini';
import { type Outcome, type ProbeResult, type Trigger, type Verdict, verdicts } from '../outcomes/outcome.ts';
import { fromChunks, toChunks } from '../storage/chunkedText.ts';
import { double, type Row } from '../storage/table.ts';
import type { Columns } from '../storage/unreadableRows.ts';
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
  'RowKey',
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

/** A newer version of this app may have stored another kind. */
const resultKinds: { readonly [kind in ProbeResult['kind']]: true } = {
  assigned: true,
  failed: true,
  disabled: true,
  rejected: true,
  throttled: true,
  connectionRefused: true,
  subscriptionRefused: true,
  webSocketRefused: true,
  unreachable: true,
  tlsFailed: true,
  connectionLost: true,
  timedOut: true,
  malformedResponse: true,
  hubRefused: true,
  certificateNotIssued: true,
  notRun: true,
};

/** The fields that readers rely on. */
const storedOutcome = z.looseObject({
  runId: z.string(),
  probe: z.string(),
  registrationId: z.string(),
  location: z.string(),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  polls: z.number(),
  verdict,
  trigger,
  reasons: z.array(z.string()),
  phases: phaseTimes,
  result: z.looseObject({ kind: z.string().check(z.refine((kind) => Object.hasOwn(resultKinds, kind))) }),
  server: z.optional(z.looseObject({})),
  notes: z.optional(z.array(z.string())),
  events: z.optional(z.array(z.looseObject({ kind: z.string(), from: z.string(), to: z.string() }))),
  transcript: z.optional(z.array(z.looseObject({ atMs: z.number(), direction: z.string(), what: z.string() }))),
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

/** Throws when the row has no outcome. */
export function outcomeOf(row: Columns): Outcome {
  return storedOutcome.parse(JSON.parse(fromChunks(jsonName, row) ?? '')) as unknown as Outcome;
}

/** Throws when the row has no summary. */
export function summaryOf(row: Columns): RunSummary {
  const { phases, waitedMs, reason, ...summary } = storedSummary.parse(row);
  return {
    ...summary,
    phases: phaseTimes.parse(JSON.parse(phases)),
    ...(typeof waitedMs === 'number' && { waitedMs }),
    ...(typeof reason === 'string' && { reason }),
  };
}
