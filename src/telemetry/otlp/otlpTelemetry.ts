import type { OutcomeSink } from '../../outcomes/recordOutcome.ts';
import type { OtlpExport } from './otlpExport.ts';
import { openTelemetrySink } from './spans.ts';

/** Runs as OpenTelemetry spans and metrics, sent to the configured collector. Nothing is loaded before the first outcome. */
export interface OtlpTelemetry {
  /** Takes an outcome when the collector has: the function may end right after. */
  sink(traceParent?: string): OutcomeSink;
}

export function createOtlpTelemetry(serviceName: string): OtlpTelemetry {
  let started: Promise<OtlpExport> | undefined;
  return {
    sink(traceParent) {
      const spans = openTelemetrySink(traceParent);
      return {
        name: spans.name,
        async write(outcome) {
          started ??= import('./otlpExport.ts').then(({ startOtlpExport }) => startOtlpExport({ serviceName }));
          const { flush } = await started;
          await spans.write(outcome);
          await flush();
        },
      };
    },
  };
}
