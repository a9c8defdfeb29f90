/**
 * Access tokens as Entra ID issues them to a managed identity: JSON Web Tokens (RFC 7519) whose audience is the resource. They are signed
 * with a key of this process, so that the other stand-ins can verify them. Azurite checks the claims but not the signature.
 */
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

export interface AccessToken {
  readonly value: string;
  /** Unix time in seconds. */
  readonly expiresOn: number;
}

/** Key Vault's error message for a token that is not valid for this audience, or undefined if it is valid. */
export type CheckToken = (token: string, audience: string) => string | undefined;

export interface AccessTokens {
  issue(resource: string, clientId: string, lifetimeSeconds?: number): AccessToken;
  readonly check: CheckToken;
}

/** The lifetime of a managed identity's token in Azure: one day. */
const defaultLifetimeSeconds = 86_400;

export function createAccessTokens(tenantId: string): AccessTokens {
  const key = randomBytes(32);
  const header = encode({ typ: 'JWT', alg: 'HS256' });
  const objectId = randomUUID();
  const signatureOf = (signed: string) => createHmac('sha256', key).update(signed).digest('base64url');

  return {
    issue(resource, clientId, lifetimeSeconds = defaultLifetimeSeconds) {
      const now = Math.floor(Date.now() / 1000);
      const signed = `${header}.${encode({
        aud: withoutSlash(resource),
        iss: `https://sts.windows.net/${tenantId}/`,
        iat: now,
        nbf: now - 300, // as Entra ID does, because clocks differ
        exp: now + lifetimeSeconds,
        appid: clientId,
        oid: objectId,
        sub: objectId,
        tid: tenantId,
        uti: randomUUID(),
      })}`;
      return { value: `${signed}.${signatureOf(signed)}`, expiresOn: now + lifetimeSeconds };
    },
    check(token, audience) {
      const end = token.lastIndexOf('.');
      const signed = token.slice(0, end);
      if (end < 0 || !equal(token.slice(end + 1), signatureOf(signed))) {
        return 'AKV10046: Unable to resolve the key used for signature validation.';
      }
      const claims = JSON.parse(Buffer.from(signed.slice(header.length + 1), 'base64url').toString()) as {
        aud: string;
        exp: number;
      };
      if (claims.aud !== withoutSlash(audience)) {
        return `AKV10022: Invalid audience. Expected ${audience}, found: ${claims.aud}.`;
      }
      if (claims.exp <= Date.now() / 1000) {
        return 'AKV10077: The token has expired.';
      }
      return undefined;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** `https://vault.azure.net` and `https://vault.azure.net/` are the same resource; clients use both. */
function withoutSlash(resource: string): string {
  return resource.replace(/\/$/, '');
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
