import type { Outcome, Verdict } from './outcome.ts';

/** A destination of outcomes: history, telemetry, log. `write` rejects when the outcome was not accepted. */
export interface OutcomeSink {
  readonly name: string;
  write(outcome: Outcome): Promise<void>;
}

/** One sink did not accept an outcome. */
export interface SinkError {
  readonly sink: string;
  /** A sentence for the log. */
  readonly message: string;
  readonly cause: unknown;
}

/** The newest change of a probe's verdict at a location, as the webhook posted it. */
export interface Delivery {
  readonly probe: string;
  readonly location: string;
  /** ISO 8601: when the receiver last accepted a change, and its verdict. */
  readonly delivered?: { readonly at: string; readonly verdict: Verdict };
  /** The newest change, if it could not be delivered; `error` names the secret of the address, never the address. */
  readonly failed?: { readonly at: string; readonly verdict: Verdict; readonly error: string };
}

/** Above the limits of the sinks themselves, which know better what did not respond. A collector that sends a byte at a time has none. */
const defaultSinkTimeoutMs = 15_000;

/**
 * Writes to all sinks at once. The error of one sink is returned and does not affect the others. Rejects only when no sink accepted the
 * outcome, because then no record of the run exists.
 */
export async function recordOutcome(
  outcome: Outcome,
  sinks: readonly OutcomeSink[],
  timeoutMs = defaultSinkTimeoutMs,
): Promise<readonly SinkError[]> {
  const results = await Promise.all(sinks.map((sink) => writeAlone(sink, outcome, timeoutMs)));
  const errors = results.filter((error) => error !== undefined);
  if (errors.length === sinks.length) {
    const why = errors.map(({ message }) => message).join('; ') || 'there is no sink';
    throw new AggregateError(
      errors.map(({ cause }) => cause),
      `run ${outcome.runId} of probe ${outcome.probe} (${outcome.verdict}) could not be recorded anywhere: ${why}`,
    );
  }
  return errors;
}

async function writeAlone(sink: OutcomeSink, outcome: Outcome, timeoutMs: number): Promise<SinkError | undefined> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no response within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    await Promise.race([sink.write(outcome), late]);
    return undefined;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { sink: sink.name, message: `${sink.name} did not accept the outcome: ${why}`, cause };
  } finally {
    clearTimeout(timer);
  }
}

/** One line of JSON for each outcome: the Outcome itself, without its transcript. */
export function logSink(writeLine: (line: string) => void): OutcomeSink {
  return {
    name: 'log',
    async write({ transcript: _, ...outcome }) {
      writeLine(JSON.stringify(outcome));
    },
  };
}
