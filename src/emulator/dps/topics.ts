/**
 * The only filter and topics: "Since DPS is not a general-purpose pub-sub messaging broker, it only supports the documented topic names and
 * topic filters" (document, "Registering a device").
 */
export const responseFilter = '$dps/registrations/res/#';

const registerPrefix = '$dps/registrations/PUT/iotdps-register/?';
const statusPrefix = '$dps/registrations/GET/iotdps-get-operationstatus/?';

export type DeviceRequest =
  | { readonly kind: 'register'; readonly rid: string }
  | { readonly kind: 'poll'; readonly rid: string; readonly operationId: string };

/** Undefined: a topic that the document does not name, or one without its parameters. */
export function parseRequestTopic(topic: string): DeviceRequest | undefined {
  if (topic.startsWith(registerPrefix)) {
    const rid = parameter(topic.slice(registerPrefix.length), '$rid');
    return rid === undefined ? undefined : { kind: 'register', rid };
  }
  if (topic.startsWith(statusPrefix)) {
    const query = topic.slice(statusPrefix.length);
    const rid = parameter(query, '$rid');
    const operationId = parameter(query, 'operationId');
    return rid === undefined || operationId === undefined ? undefined : { kind: 'poll', rid, operationId };
  }
  return undefined;
}

/** The topic of a response; `parameters` in this order. */
export function responseTopic(status: number | string, parameters: readonly (readonly [string, string])[]): string {
  return `$dps/registrations/res/${status}/?${parameters.map(([name, value]) => `${name}=${value}`).join('&')}`;
}

function parameter(query: string, name: string): string | undefined {
  const part = query.split('&').find((candidate) => candidate.startsWith(`${name}=`));
  const value = part?.slice(name.length + 1);
  return value === '' ? undefined : value;
}
