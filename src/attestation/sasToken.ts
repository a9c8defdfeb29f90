import { createHmac, createSecretKey, type Hmac } from 'node:crypto';

/**
 * Derives the key of one device of a group enrollment: HMAC-SHA256 of its registrationId with the group's key. Upper and lower case give
 * different keys.
 * https://learn.microsoft.com/azure/iot-dps/concepts-symmetric-key-attestation#group-enrollments
 */
export function deriveDeviceKey(groupKey: Buffer, registrationId: string): Buffer {
  return hmac(groupKey).update(registrationId, 'utf8').digest();
}

export interface SasTokenOptions {
  /** The resource that the token is for: `{idScope}/registrations/{registrationId}` at DPS, `{hub}/devices/{deviceId}` at the hub. */
  readonly resource: string;
  readonly key: Buffer;
  /** Seconds since 1970-01-01 UTC. */
  readonly expiresAtSeconds: number;
  /** DPS requires the policy name `registration`; a device's token for its hub has none. */
  readonly policy?: 'registration';
}

/**
 * `SharedAccessSignature sr={URL-encoded-resourceURI}&sig={signature-string}&se={expiry}&skn=registration`. The signed text is
 * `{sr}\n{se}`, with `sr` URL-encoded.
 * https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support
 */
export function createSasToken({ resource, key, expiresAtSeconds, policy }: SasTokenOptions): string {
  const sr = encodeURIComponent(resource);
  const signature = hmac(key).update(`${sr}\n${expiresAtSeconds}`, 'utf8').digest('base64');
  const token = `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(signature)}&se=${expiresAtSeconds}`;
  return policy ? `${token}&skn=${policy}` : token;
}

/** A Buffer as the key takes Node nine times as long as a key object. */
function hmac(key: Buffer): Hmac {
  return createHmac('sha256', createSecretKey(key));
}
