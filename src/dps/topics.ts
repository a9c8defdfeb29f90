/**
 * The only topic names and the only filter that DPS knows (document, "Registrazione di un dispositivo" and "Polling dello stato
 * dell'operazione di registrazione"): it is no general broker.
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
  /** As sent; what it is worth is decided by `retryAfter`. */
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
