/**
 * The only topic names and the only filter that DPS accepts; it is not a general-purpose broker
 * (learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support, "Registering a device" and "Polling for registration operation status").
 */
export const responseFilter = '$dps/registrations/res/#';

const responsePrefix = '$dps/registrations/res/';

export function registerTopic(rid: string): string {
  return `$dps/registrations/PUT/iotdps-register/?$rid=${rid}`;
}

export function operationStatusTopic(rid: string, operationId: string): string {
  return `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=${rid}&operationId=${encodeURIComponent(operationId)}`;
}

export interface ResponseTopic {
  readonly status: number;
  readonly rid: string | undefined;
  /** As received; `readRetryAfter` interprets it. */
  readonly retryAfter: string | undefined;
}

/** `$dps/registrations/res/{status}/?$rid={rid}` with further parameters in any order; undefined for any other topic. */
export function parseResponseTopic(topic: string): ResponseTopic | undefined {
  if (!topic.startsWith(responsePrefix)) return undefined;
  const [, status, query] = /^(\d{3})\/\?(.*)$/.exec(topic.slice(responsePrefix.length)) ?? [];
  if (!status || query === undefined) return undefined;
  const parameters = new URLSearchParams(query);
  return {
    status: Number(status),
    rid: parameters.get('$rid') ?? undefined,
    retryAfter: parameters.get('retry-after') ?? undefined,
  };
}
