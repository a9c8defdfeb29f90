import { createHmac } from 'node:crypto';

export interface SasTokenOptions {
  /** What the token is for: `{idScope}/registrations/{registrationId}` at DPS, `{hub}/devices/{deviceId}` at the hub. */
  readonly resource: string;
  readonly key: Buffer;
  /** Seconds since 1970-01-01 UTC. */
  readonly expiresAtSeconds: number;
  /** `registration` at DPS ("Il nome del criterio deve essere registration"); none at the hub. */
  readonly policy?: 'registration';
}

/**
 * `SharedAccessSignature sr={URL-encoded-resourceURI}&sig={signature-string}&se={expiry}&skn=registration` (document, "Connessione
 * a DPS"). The signed text is `{sr}\n{se}`, sr as it is sent.
 */
export function createSasToken({ resource, key, expiresAtSeconds, policy }: SasTokenOptions): string {
  const sr = encodeURIComponent(resource);
  const signature = createHmac('sha256', key).update(`${sr}\n${expiresAtSeconds}`, 'utf8').digest('base64');
  const token = `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(signature)}&se=${expiresAtSeconds}`;
  return policy ? `${token}&skn=${policy}` : token;
}
