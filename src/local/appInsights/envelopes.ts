/** The fields of Application Insights' envelopes that the stand-in reads (schema "Breeze", versions 2 and 2.1). */

export interface Envelope {
  readonly name: string;
  /** ISO 8601. */
  readonly time: string;
  readonly iKey: string;
  /** `ai.operation.id`, `ai.cloud.role`, … */
  readonly tags?: Readonly<Record<string, string>>;
  readonly data: {
    /** `AvailabilityData`, `MessageData`, `EventData`, … */
    readonly baseType: string;
    readonly baseData: Readonly<Record<string, unknown>> & {
      readonly properties?: Readonly<Record<string, string>>;
      readonly measurements?: Readonly<Record<string, number>>;
    };
  };
}

/** [d.]hh:mm:ss[.fffffff], as .NET writes a TimeSpan. */
const timeSpan = /^(\d+\.)?([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,7})?$/;

/** Reads a JSON array, one envelope, or one envelope per line (`application/x-json-stream`). Throws a SyntaxError on anything else. */
export function parseEnvelopes(text: string): readonly unknown[] {
  const trimmed = text.trim();
  if (trimmed.startsWith('[')) {
    return JSON.parse(trimmed) as unknown[];
  }
  return trimmed.split('\n').map((line) => JSON.parse(line) as unknown);
}

/** The service's error message for this envelope, or undefined if it is valid. */
export function faultOf(envelope: unknown, instrumentationKey: string): string | undefined {
  const { name, time, iKey, data } = fieldsOf(envelope);
  const { baseType, baseData } = fieldsOf(data);
  if (typeof name !== 'string' || typeof time !== 'string' || Number.isNaN(Date.parse(time))) {
    return "103: Field 'name' or 'time' on type 'Envelope' is required but missing or empty.";
  }
  if (iKey !== instrumentationKey) {
    return 'Invalid instrumentation key';
  }
  if (typeof baseType !== 'string' || typeof baseData !== 'object' || baseData === null) {
    return "103: Field 'data' on type 'Envelope' is required but missing or empty.";
  }
  return baseType === 'AvailabilityData' ? faultOfAvailability(fieldsOf(baseData)) : undefined;
}

function faultOfAvailability(data: Readonly<Record<string, unknown>>): string | undefined {
  for (const field of ['id', 'name', 'duration']) {
    if (typeof data[field] !== 'string' || data[field] === '') {
      return `103: Field '${field}' on type 'AvailabilityData' is required but missing or empty. Expected: string.`;
    }
  }
  if (typeof data.success !== 'boolean') {
    return "103: Field 'success' on type 'AvailabilityData' is required but missing or empty. Expected: bool.";
  }
  if (!timeSpan.test(String(data.duration))) {
    return `109: Field 'duration' on type 'AvailabilityData' is not of the expected type. Expected: string (timespan), Actual: ${data.duration}`;
  }
  return undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
