export interface OtlpExport {
  /** Sends what was recorded; rejects when the collector does not accept it. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Registers the OpenTelemetry SDK of this process, with the OTLP exporters. They read endpoint and headers from the standard settings
 * (`OTEL_EXPORTER_OTLP_ENDPOINT` and others), as the Functions host does with `telemetryMode` "OpenTelemetry":
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 *
 * The libraries load here, so they are not loaded when no collector is configured.
 */
export async function startOtlpExport(options: {
  readonly serviceName: string;
  /** Of one export. */
  readonly timeoutMs: number;
}): Promise<OtlpExport> {
  const [{ metrics, trace }, { resourceFromAttributes }, sdkTrace, sdkMetrics, spanExport, metricExport] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/sdk-metrics'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/exporter-metrics-otlp-proto'),
    ]);
  const resource = resourceFromAttributes({ 'service.name': options.serviceName });
  const spanProcessor = new sdkTrace.BatchSpanProcessor({
    exporter: new spanExport.OTLPTraceExporter(),
    exportTimeoutMillis: options.timeoutMs,
  });
  const tracerProvider = new sdkTrace.TracerProvider({ resource, spanProcessors: [spanProcessor] });
  const reader = new sdkMetrics.PeriodicExportingMetricReader({
    exporter: new metricExport.OTLPMetricExporter(),
    exportTimeoutMillis: options.timeoutMs,
  });
  const meterProvider = new sdkMetrics.MeterProvider({ resource, readers: [reader] });
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);

  return {
    async flush() {
      await Promise.all([tracerProvider.forceFlush(), meterProvider.forceFlush()]);
    },
    async close() {
      trace.disable();
      metrics.disable();
      await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]);
    },
  };
}
