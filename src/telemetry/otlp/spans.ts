import type { Attributes, HrTime, Meter, Span, Tracer } from '@opentelemetry/api';
import type { Outcome } from '../../outcomes/outcome.ts';
import { reasonCode } from '../../outcomes/reasonCode.ts';
import type { OutcomeSink } from '../../outcomes/recordOutcome.ts';
import { phases } from '../../transport/phase.ts';
import { parseTraceParent, type TraceParent } from '../traceParent.ts';

type Api = typeof import('@opentelemetry/api');

const scope = 'dps-canary';

/** Seconds: from an immediate connection error to a device that waits for its assignment. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120];

/**
 * Creates a span for each run with a child for each phase, and metrics, with the OpenTelemetry SDK that is registered in this process. They
 * are created from the outcome after the run, so that they do not distort what is measured.
 */
export function openTelemetrySink(traceParent?: string): OutcomeSink {
  return {
    name: 'openTelemetry',
    async write(outcome) {
      const api = await import('@opentelemetry/api');
      recordSpans(api, outcome, parseTraceParent(traceParent));
      recordMetrics(api.metrics.getMeter(scope), outcome);
    },
  };
}

function recordSpans(api: Api, outcome: Outcome, parent: TraceParent | undefined): void {
  const tracer = api.trace.getTracer(scope);
  const context = parent === undefined ? api.ROOT_CONTEXT : remoteContext(api, parent);
  const startMs = Date.parse(outcome.startedAt);
  const run = tracer.startSpan('dps.probe', { startTime: time(startMs), attributes: runAttributes(outcome) }, context);
  const failing = outcome.verdict === 'failing';
  const stoppedAt = 'phase' in outcome.result ? outcome.result.phase : undefined;
  if (failing) {
    fail(api, run, outcome.reasons.join(' '));
  }
  let atMs = startMs;
  for (const phase of phases) {
    const durationMs = outcome.phases[phase];
    if (durationMs === undefined) {
      continue;
    }
    const span = startPhase(tracer, `dps.probe.${phase}`, atMs, api.trace.setSpan(context, run));
    if (failing && phase === stoppedAt) {
      span.setAttribute('error.type', reasonCode(outcome));
      fail(api, span, outcome.reasons.join(' '));
    }
    atMs += durationMs;
    span.end(time(atMs));
  }
  run.end(time(startMs + outcome.durationMs));
}

function startPhase(tracer: Tracer, name: string, startMs: number, context: Parameters<Tracer['startSpan']>[2]): Span {
  return tracer.startSpan(name, { startTime: time(startMs) }, context);
}

function remoteContext({ trace, TraceFlags, ROOT_CONTEXT }: Api, { traceId, spanId, sampled }: TraceParent) {
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function fail({ SpanStatusCode }: Api, span: Span, message: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function recordMetrics(meter: Meter, outcome: Outcome): void {
  const attributes = { 'dps.probe.name': outcome.probe, 'dps.probe.location': outcome.location };
  const verdict = { ...attributes, 'dps.probe.verdict': outcome.verdict };
  meter
    .createCounter('dps.probe.runs', { unit: '{run}', description: 'Runs of a probe, by verdict.' })
    .add(1, { ...verdict, ...errorType(outcome) });
  meter
    .createHistogram('dps.probe.duration', {
      unit: 's',
      description: 'Duration of a run, from the vault to the assigned hub.',
      advice: { explicitBucketBoundaries: buckets },
    })
    .record(outcome.durationMs / 1000, verdict);
  const ofPhase = meter.createHistogram('dps.probe.phase.duration', {
    unit: 's',
    description: 'Duration of one phase of a run.',
    advice: { explicitBucketBoundaries: buckets },
  });
  for (const [phase, durationMs] of Object.entries(outcome.phases)) {
    ofPhase.record(durationMs / 1000, { ...attributes, 'dps.probe.phase': phase });
  }
}

function runAttributes(outcome: Outcome): Attributes {
  const { result, server } = outcome;
  return {
    'dps.probe.name': outcome.probe,
    'dps.probe.location': outcome.location,
    'dps.probe.run_id': outcome.runId,
    'dps.probe.trigger': outcome.trigger,
    'dps.probe.verdict': outcome.verdict,
    'dps.probe.result': result.kind,
    'dps.probe.polls': outcome.polls,
    'dps.registration_id': outcome.registrationId,
    ...('assignedHub' in result && { 'dps.assigned_hub': result.assignedHub }),
    ...('errorCode' in result && result.errorCode !== undefined && { 'dps.error_code': result.errorCode }),
    ...('trackingId' in result && result.trackingId !== undefined && { 'dps.tracking_id': result.trackingId }),
    ...(server && { 'network.peer.address': server.address }),
    ...errorType(outcome),
  };
}

/**
 * https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/ : set when the run is not healthy or degraded, with bounded
 * cardinality.
 */
function errorType(outcome: Outcome): Attributes {
  const wrong = outcome.verdict === 'failing' || outcome.verdict === 'unknown';
  return wrong ? { 'error.type': reasonCode(outcome) } : {};
}

/** Seconds and nanoseconds, because the API may interpret a number as time since the start of the process. */
function time(unixMs: number): HrTime {
  const seconds = Math.floor(unixMs / 1000);
  return [seconds, Math.round((unixMs - seconds * 1000) * 1_000_000)];
}
