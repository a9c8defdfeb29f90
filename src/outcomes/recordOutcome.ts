import type { Outcome } from './outcome.ts';

/** A place where outcomes go. Rejects when it did not take one. */
export interface OutcomeSink {
  readonly name: string;
  write(outcome: Outcome): Promise<void>;
}

/** One sink did not take an outcome. */
export interface SinkFault {
  readonly sink: string;
  /** A sentence for the log. */
  readonly message: string;
  readonly cause: unknown;
}

/**
 * Writes to all sinks at once, each alone: one that fails is reported, and loses nothing of the others. Rejects only when no sink
 * at all took the outcome, because then nobody would ever know of it.
 */
export async function recordOutcome(outcome: Outcome, sinks: readonly OutcomeSink[]): Promise<readonly SinkFault[]> {
  const results = await Promise.all(sinks.map((sink) => writeAlone(sink, outcome)));
  const faults = results.filter((fault) => fault !== undefined);
  if (faults.length === sinks.length) {
    const why = faults.map(({ message }) => message).join('; ') || 'there is no sink';
    throw new AggregateError(
      faults.map(({ cause }) => cause),
      `run ${outcome.runId} of probe ${outcome.probe} (${outcome.verdict}) could not be recorded anywhere: ${why}`,
    );
  }
  return faults;
}

async function writeAlone(sink: OutcomeSink, outcome: Outcome): Promise<SinkFault | undefined> {
  try {
    await sink.write(outcome);
    return undefined;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { sink: sink.name, message: `${sink.name} did not take the outcome: ${why}`, cause };
  }
}
