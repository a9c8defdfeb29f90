import { createOnce } from '../../identity/createOnce.ts';
import type { OutcomeSink } from '../../outcomes/recordOutcome.ts';
import { openTelemetrySink } from './spans.ts';

/** Runs as OpenTelemetry spans and metrics, sent to the configured collector. Loads its libraries with the first outcome. */
export interface OtlpTelemetry {
  /** Its `write` resolves when the collector has accepted the outcome, because the function may end right after. */
  sink(traceParent?: string): OutcomeSink;
}

/** Of one export: the exporter's own limit does not count while bytes arrive. */
const defaultTimeoutMs = 10_000;

export function createOtlpTelemetry(serviceName: string, timeoutMs = defaultTimeoutMs): OtlpTelemetry {
  const exporter = createOnce(async () => {
    const { startOtlpExport } = await import('./otlpExport.ts');
    return startOtlpExport({ serviceName, timeoutMs });
  });
  return {
    sink(traceParent) {
      const spans = openTelemetrySink(traceParent);
      return {
        name: spans.name,
        async write(outcome) {
          const { flush } = await exporter();
          await spans.write(outcome);
          await flush().catch((cause: unknown) => {
            throw new Error(`the collector at OTEL_EXPORTER_OTLP_ENDPOINT: ${describe(cause)}`, { cause });
          });
        },
      };
    },
  };
}

/** The SDK wraps the exporter's error, whose words are all that is left of it. */
function describe(cause: unknown): string {
  const words = cause instanceof Error ? cause.message : String(cause);
  return words.replace(/^\w*Error: /, '');
}
