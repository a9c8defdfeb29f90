import { daysLeft, expiries } from '../../outcomes/expiries.ts';
import { certificateStateOf, issuedCertificateOf, renewalOf } from '../../outcomes/operationalCertificate.ts';
import type { Outcome, ProbeResult } from '../../outcomes/outcome.ts';
import { reasonCode } from '../../outcomes/reasonCode.ts';
import type { TraceParent } from '../traceParent.ts';

/** One item of Application Insights' ingestion: https://github.com/microsoft/ApplicationInsights-Home/tree/main/EndpointSpecs/Schemas/Bond */
export interface Envelope {
  readonly name: string;
  readonly time: string;
  readonly iKey: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseType: string; readonly baseData: Readonly<Record<string, unknown>> };
}

export interface EnvelopeContext {
  readonly instrumentationKey: string;
  /** The app's name in Application Insights: `cloud_RoleName`. */
  readonly role: string;
  /** The invocation that the outcome belongs to; without it, the run is its own operation. */
  readonly trace?: TraceParent | undefined;
}

/** Maximum length of a message in the service. */
const maxMessageCharacters = 8192;

/**
 * An availability result (table `availabilityResults`); for the verdict `unknown` a custom event `ProbeUnknown` (table `customEvents`) with
 * the same properties. The probe could not run, which counts neither as up nor as down.
 */
export function availabilityEnvelope(outcome: Outcome, context: EnvelopeContext): Envelope {
  const dimensions = { properties: propertiesOf(outcome), measurements: measurementsOf(outcome) };
  const message = (outcome.reasons.join('\n') || reasonCode(outcome)).slice(0, maxMessageCharacters);
  const common = {
    time: outcome.startedAt,
    iKey: context.instrumentationKey,
    tags: {
      'ai.cloud.role': context.role,
      'ai.operation.id': context.trace?.traceId ?? outcome.runId.replaceAll('-', ''),
      ...(context.trace && { 'ai.operation.parentId': context.trace.spanId }),
    },
  };
  if (outcome.verdict === 'unknown') {
    const { properties, measurements } = dimensions;
    return {
      name: 'Microsoft.ApplicationInsights.Event',
      ...common,
      data: {
        baseType: 'EventData',
        baseData: { ver: 2, name: 'ProbeUnknown', properties: { ...properties, message }, measurements },
      },
    };
  }
  return {
    name: 'Microsoft.ApplicationInsights.Availability',
    ...common,
    data: {
      baseType: 'AvailabilityData',
      baseData: {
        ver: 2,
        id: outcome.runId,
        name: outcome.probe,
        duration: timeSpan(outcome.durationMs),
        success: outcome.verdict !== 'failing',
        runLocation: outcome.location,
        message,
        ...dimensions,
      },
    },
  };
}

/** Properties to filter and group by. Only these are sent. */
function propertiesOf(outcome: Outcome): Record<string, string> {
  const { result } = outcome;
  const facts = {
    probe: outcome.probe,
    registrationId: outcome.registrationId,
    runId: outcome.runId,
    trigger: outcome.trigger,
    location: outcome.location,
    verdict: outcome.verdict,
    result: result.kind,
    reason: reasonCode(outcome),
    phase: 'phase' in result ? result.phase : undefined,
    ...serviceFacts(result),
    operationalCertificate: certificateStateOf(result),
    serverAddress: outcome.server?.address,
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

/**
 * Milliseconds for each phase, status queries, and the days until the first certificate or the secret expires. For an operational
 * certificate, its validity in days and the milliseconds of its renewal.
 */
function measurementsOf(outcome: Outcome): Record<string, number> {
  const { phases, polls, result, startedAt } = outcome;
  const daysUntil = (at: string) => daysLeft({ at }, Date.parse(startedAt));
  const days = expiries(outcome).map(({ at }) => daysUntil(at));
  const issued = issuedCertificateOf(result);
  const renewal = renewalOf(result);
  return {
    ...phases,
    polls,
    ...(days.length > 0 && { certificateDaysLeft: Math.min(...days) }),
    ...(issued && { issuedCertificateDays: daysUntil(issued.notAfter) }),
    ...(renewal && { renewalMs: renewal.durationMs }),
  };
}

function serviceFacts(result: ProbeResult): Readonly<Record<string, string | number | undefined>> {
  switch (result.kind) {
    case 'assigned':
      return {
        assignedHub: result.assignedHub,
        deviceId: result.deviceId,
        substatus: result.substatus,
        connectionProfile: result.connectionProfile,
      };
    case 'hubRefused':
    case 'certificateNotIssued':
      return { assignedHub: result.assignedHub, deviceId: result.deviceId };
    case 'failed':
    case 'rejected':
    case 'throttled':
      return { errorCode: result.errorCode, trackingId: result.trackingId };
    case 'disabled':
    case 'unreachable':
    case 'tlsFailed':
    case 'webSocketRefused':
    case 'connectionRefused':
    case 'subscriptionRefused':
    case 'connectionLost':
    case 'timedOut':
    case 'malformedResponse':
    case 'notRun':
      return {};
  }
}

/** [d.]hh:mm:ss.fffffff, as .NET writes a TimeSpan. */
export function timeSpan(durationMs: number): string {
  const ticks = Math.round(durationMs * 10_000);
  const seconds = Math.floor(ticks / 10_000_000);
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  const fraction = String(ticks % 10_000_000).padStart(7, '0');
  return `${days > 0 ? `${days}.` : ''}${clock}.${fraction}`;
}
