/** The topics of a device at its hub. */
export const twinResponseFilter = '$iothub/twin/res/#';
export const credentialResponseFilter = '$iothub/credentials/res/#';

/** The hub renews certificates since this preview. Versions are dates, so newer ones sort after it. */
export function renewsCertificates(apiVersion: string): boolean {
  return apiVersion >= '2025-08-01';
}

export function deviceFilters(deviceId: string, apiVersion: string): readonly string[] {
  return [
    twinResponseFilter,
    '$iothub/twin/PATCH/properties/desired/#',
    '$iothub/methods/POST/#',
    `devices/${deviceId}/messages/devicebound/#`,
    ...(renewsCertificates(apiVersion) ? [credentialResponseFilter] : []),
  ];
}

export type HubMessage =
  | { readonly kind: 'telemetry' | 'methodResponse' }
  | { readonly kind: 'twinGet' | 'twinPatch' | 'renewal'; readonly rid: string };

/** Undefined: a topic on which this device may not publish. */
export function parseHubTopic(topic: string, deviceId: string, apiVersion: string): HubMessage | undefined {
  // Properties follow the last slash, URL-encoded: `…/messages/events/key=value&key2=value2`
  if (topic.startsWith(`devices/${deviceId}/messages/events/`)) return { kind: 'telemetry' };
  if (topic === `devices/${deviceId}/messages/events`) return { kind: 'telemetry' };
  if (topic.startsWith('$iothub/methods/res/')) return { kind: 'methodResponse' };
  const [, name, rid] = /^(.+)\/\?\$rid=([^&]+)$/.exec(topic) ?? [];
  if (name === undefined || rid === undefined) return undefined;
  if (name === '$iothub/twin/GET') return { kind: 'twinGet', rid };
  if (name === '$iothub/twin/PATCH/properties/reported') return { kind: 'twinPatch', rid };
  if (name === '$iothub/credentials/POST/issueCertificate' && renewsCertificates(apiVersion))
    return { kind: 'renewal', rid };
  return undefined;
}
