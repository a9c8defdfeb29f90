/**
 * Access tokens of the shape that Entra ID gives a managed identity: a JSON Web Token (RFC 7519) whose audience is the
 * resource. Signed with a key that lives as long as the process, so that the other stand-ins recognise a token that was
 * issued here; Azurite reads the claims and never the signature.
 */
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

export interface AccessToken {
  readonly value: string;
  /** Unix time in seconds. */
  readonly expiresOn: number;
}

/** Why a token is not accepted for this audience, in Key Vault's words, or undefined when it is. */
export type CheckToken = (token: string, audience: string) => string | undefined;

export interface AccessTokens {
  issue(resource: string, clientId: string, lifetimeSeconds?: number): AccessToken;
  readonly check: CheckToken;
}

/** What a managed identity's token lasts in Azure: a day. */
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
        nbf: now - 300, // as Entra ID does, for clocks that differ
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

/** Clients ask for `https://vault.azure.net` and for `https://vault.azure.net/` and mean the same. */
function withoutSlash(resource: string): string {
  return resource.replace(/\/$/, '');
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
