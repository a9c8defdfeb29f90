import { randomBytes } from 'node:crypto';

/** As in the local secrets file: a value and its attributes. */
export interface LocalSecret {
  readonly value: string;
  /** `application/x-pem-file` or `application/x-pkcs12` (base64) for a certificate's secret. */
  readonly contentType?: string;
  /** Default: true. */
  readonly enabled?: boolean;
  /** ISO 8601. */
  readonly expiresOn?: string;
  /** ISO 8601. */
  readonly notBefore?: string;
}

export interface SecretVersion extends LocalSecret {
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly version: string;
  /** Unix time in seconds. */
  readonly created: number;
}

/** Names are 1 to 127 letters, digits and dashes; Key Vault compares them without case. */
export const secretName = /^[0-9A-Za-z-]{1,127}$/;

export interface SecretStore {
  /** Adds a version, which becomes the current one. Returns its id. */
  set(name: string, secret: LocalSecret): string;
  remove(name: string): void;
  current(name: string): SecretVersion | undefined;
  find(name: string, version: string): SecretVersion | undefined;
  /** Oldest first. */
  versions(name: string): readonly SecretVersion[];
}

export function createSecretStore(): SecretStore {
  const secrets = new Map<string, SecretVersion[]>();
  const versions = (name: string): readonly SecretVersion[] => secrets.get(name.toLowerCase()) ?? [];

  return {
    set(name, secret) {
      if (!secretName.test(name)) {
        throw new Error(`"${name}" cannot be the name of a secret: expected 1 to 127 letters, digits and dashes.`);
      }
      for (const field of ['expiresOn', 'notBefore'] as const) {
        if (secret[field] !== undefined && Number.isNaN(Date.parse(secret[field]))) {
          throw new Error(
            `${field} of the secret "${name}" is not a date: expected ISO 8601, such as 2027-01-31T00:00:00Z.`,
          );
        }
      }
      const version = randomBytes(16).toString('hex');
      const added = { ...secret, name, version, created: Math.floor(Date.now() / 1000) };
      secrets.set(name.toLowerCase(), [...versions(name), added]);
      return version;
    },
    remove: (name) => void secrets.delete(name.toLowerCase()),
    current: (name) => versions(name).at(-1),
    find: (name, version) => versions(name).find((known) => known.version === version),
    versions,
  };
}

/** The service's SecretBundle; the list of versions has the same items without their values. */
export function secretItem(vaultUrl: string, secret: SecretVersion): object {
  return {
    ...(secret.contentType !== undefined && { contentType: secret.contentType }),
    id: `${vaultUrl}/secrets/${secret.name}/${secret.version}`,
    attributes: {
      enabled: secret.enabled ?? true,
      ...(secret.notBefore !== undefined && { nbf: unixSeconds(secret.notBefore) }),
      ...(secret.expiresOn !== undefined && { exp: unixSeconds(secret.expiresOn) }),
      created: secret.created,
      updated: secret.created,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: 90,
    },
    tags: {},
  };
}

function unixSeconds(date: string): number {
  return Math.floor(Date.parse(date) / 1000);
}
