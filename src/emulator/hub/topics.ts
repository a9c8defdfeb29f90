/** The topics of a device at its hub. */
export const twinResponseFilter = '$iothub/twin/res/#';

export function deviceFilters(deviceId: string): readonly string[] {
  return [
    twinResponseFilter,
    '$iothub/twin/PATCH/properties/desired/#',
    '$iothub/methods/POST/#',
    `devices/${deviceId}/messages/devicebound/#`,
  ];
}

export type HubMessage =
  | { readonly kind: 'telemetry' }
  | { readonly kind: 'twinGet' | 'twinPatch'; readonly rid: string }
  | { readonly kind: 'methodResponse' };

/** Undefined: a topic on which this device may not publish. */
export function parseHubTopic(topic: string, deviceId: string): HubMessage | undefined {
  // Properties follow the last slash, URL-encoded: `…/messages/events/key=value&key2=value2`
  if (topic.startsWith(`devices/${deviceId}/messages/events/`)) return { kind: 'telemetry' };
  if (topic === `devices/${deviceId}/messages/events`) return { kind: 'telemetry' };
  const [, get] = /^\$iothub\/twin\/GET\/\?\$rid=([^&]+)$/.exec(topic) ?? [];
  if (get !== undefined) return { kind: 'twinGet', rid: get };
  const [, patch] = /^\$iothub\/twin\/PATCH\/properties\/reported\/\?\$rid=([^&]+)$/.exec(topic) ?? [];
  if (patch !== undefined) return { kind: 'twinPatch', rid: patch };
  return topic.startsWith('$iothub/methods/res/') ? { kind: 'methodResponse' } : undefined;
}
