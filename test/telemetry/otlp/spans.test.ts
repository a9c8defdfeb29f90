import { metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTelemetrySink } from '../../../src/telemetry/otlp/spans.ts';
import { buildOutcome } from '../../support/buildOutcome.ts';
import { packagesLoadedBy } from '../../support/packagesLoadedBy.ts';

const rejected = buildOutcome({
  verdict: 'failing',
  reasons: ['DPS refused the device: 401002.', 'Check the enrollment.'],
  phases: { keyVault: 1, dns: 2, register: 20.5 },
  durationMs: 24,
  result: { kind: 'rejected', phase: 'register', status: 401, errorCode: 401002, trackingId: 'track-1', message: 'no' },
});

describe('openTelemetrySink', () => {
  it('records a span for the run and a child for each phase, one after the other', async () => {
    const { spans } = register();
    const outcome = buildOutcome({ phases: { keyVault: 12.5, dns: 2, tls: 41.25 }, durationMs: 56 });
    await openTelemetrySink().write(outcome);

    const run = spanNamed(spans(), 'dps.probe');
    const start = Date.parse(outcome.startedAt);
    expect(timesOf(run)).toEqual([start, start + 56]);
    expect(run.attributes).toMatchObject({
      'dps.probe.name': 'weu-group-key',
      'dps.probe.verdict': 'healthy',
      'dps.probe.run_id': outcome.runId,
      'dps.registration_id': 'canary-001',
      'dps.assigned_hub': 'hub-a.azure-devices.net',
      'network.peer.address': '20.61.99.14',
    });
    expect(run.status.code).toBe(SpanStatusCode.UNSET);
    const children = spans().filter((span) => span.parentSpanContext?.spanId === run.spanContext().spanId);
    expect(children.map((span) => [span.name, ...timesOf(span)])).toEqual([
      ['dps.probe.keyVault', start, start + 12.5],
      ['dps.probe.dns', start + 12.5, start + 14.5],
      ['dps.probe.tls', start + 14.5, start + 55.75],
    ]);
  });

  it('joins the trace of the invocation, and leaves it out when that is not sampled', async () => {
    const { spans } = register();
    await openTelemetrySink('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01').write(buildOutcome());
    const run = spanNamed(spans(), 'dps.probe');
    expect(run.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(run.parentSpanContext?.spanId).toBe('b7ad6b7169203331');

    const before = spans().length;
    await openTelemetrySink('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00').write(buildOutcome());
    expect(spans()).toHaveLength(before);
  });

  it('marks the run and the phase in which it stopped as failed', async () => {
    const { spans } = register();
    await openTelemetrySink().write(rejected);
    const failed = spans().filter((span) => span.status.code === SpanStatusCode.ERROR);
    expect(failed.map((span) => span.name).sort()).toEqual(['dps.probe', 'dps.probe.register']);
    expect(spanNamed(spans(), 'dps.probe')).toMatchObject({
      status: { message: 'DPS refused the device: 401002. Check the enrollment.' },
      attributes: { 'error.type': 'rejected:401002@register', 'dps.error_code': 401002, 'dps.tracking_id': 'track-1' },
    });
  });

  it('counts runs by verdict and measures them and their phases in seconds', async () => {
    const { collect } = register();
    await openTelemetrySink().write(buildOutcome());
    await openTelemetrySink().write(buildOutcome());
    await openTelemetrySink().write(rejected);

    const collected = await collect();
    expect(collected.map(({ descriptor }) => [descriptor.name, descriptor.unit])).toEqual([
      ['dps.probe.runs', '{run}'],
      ['dps.probe.duration', 's'],
      ['dps.probe.phase.duration', 's'],
    ]);
    const [runs, duration, phaseDuration] = collected.map((metric) => metric.dataPoints);
    const probe = { 'dps.probe.name': 'weu-group-key', 'dps.probe.location': 'westeurope' };
    expect(runs?.map((point) => [point.value, point.attributes])).toEqual([
      [2, { ...probe, 'dps.probe.verdict': 'healthy' }],
      [1, { ...probe, 'dps.probe.verdict': 'failing', 'error.type': 'rejected:401002@register' }],
    ]);
    expect(duration?.[0]?.value).toMatchObject({ count: 2, sum: 6.825 });
    const register1 = phaseDuration?.find((point) => point.attributes['dps.probe.phase'] === 'register');
    expect(register1?.value).toMatchObject({ count: 3, sum: expect.closeTo(0.1311, 6) });
  });

  it('does nothing without a registered SDK, and does not load one', { timeout: 120_000 }, async () => {
    await expect(openTelemetrySink().write(buildOutcome())).resolves.toBeUndefined();
    const write = `await exports.openTelemetrySink().write(${JSON.stringify(buildOutcome())})`;
    expect(packagesLoadedBy('telemetry/otlp/spans.ts', write)).toEqual(['@opentelemetry/api']);
    expect(packagesLoadedBy('telemetry/otlp/spans.ts', 'exports.openTelemetrySink()')).toEqual([]);
  });
});

/** An SDK that collects spans and metrics, registered until the end of the test. */
function register() {
  const spanExporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor({ exporter: spanExporter })];
  const tracerProvider = new TracerProvider({ spanProcessors });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter });
  const meterProvider = new MeterProvider({ readers: [reader] });
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);
  onTestFinished(async () => {
    trace.disable();
    metrics.disable();
    await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]);
  });
  return {
    spans: () => spanExporter.getFinishedSpans(),
    async collect() {
      await reader.forceFlush();
      return metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    },
  };
}

function spanNamed(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) {
    throw new Error(`There is no span ${name} among ${spans.map((span) => span.name).join(', ')}.`);
  }
  return found;
}

function timesOf(span: ReadableSpan): readonly number[] {
  return [span.startTime, span.endTime].map(([seconds, nanoseconds]) => seconds * 1000 + nanoseconds / 1_000_000);
}
