import { createOnce } from '../../identity/createOnce.ts';
import type { OutcomeSink } from '../../outcomes/recordOutcome.ts';
import { openTelemetrySink } from './spans.ts';

/** Runs as OpenTelemetry spans and metrics, sent to the configured collector. Loads its libraries with the first outcome. */
export interface OtlpTelemetry {
  /** Its `write` resolves when the collector has accepted the outcome, because the function may end right after. */
  sink(traceParent?: string): OutcomeSink;
}

export function createOtlpTelemetry(serviceName: string): OtlpTelemetry {
  const exporter = createOnce(async () => {
    const { startOtlpExport } = await import('./otlpExport.ts');
    return startOtlpExport({ serviceName });
  });
  return {
    sink(traceParent) {
      const spans = openTelemetrySink(traceParent);
      return {
        name: spans.name,
        async write(outcome) {
          const { flush } = await exporter();
          await spans.write(outcome);
          await flush();
        },
      };
    },
  };
}
