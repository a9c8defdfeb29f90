import * as z from 'zod';
import { firstLine } from '../identity/firstLine.ts';
import type { SecretUnavailable } from './secretResult.ts';

/** What the Azure libraries throw when a service answered: the status, and the service's error body. */
const serviceError = z.object({
  statusCode: z.number(),
  details: z
    .object({
      error: z.object({
        message: z.string().optional(),
        innerError: z.object({ code: z.string().optional() }).optional(),
      }),
    })
    .optional()
    .catch(undefined),
  response: z.object({ headers: z.custom<{ get(name: string): string | undefined }>() }).optional().catch(undefined),
});

/** … and when none did: the platform's code. */
const networkError = z.object({ code: z.string() });

/** Names what went wrong, and says what to do. `error` is whatever reading the secret threw. */
export function secretUnavailable(secret: string, vaultUrl: string, error: unknown): SecretUnavailable {
  const { hostname } = new URL(vaultUrl);
  const unavailable = (kind: SecretUnavailable['kind'], message: string) => ({ kind, secret, message });
  const answered = serviceError.safeParse(error);
  if (!answered.success) {
    if (isCredentialError(error)) {
      const why =
        error.name === developerLoginError
          ? 'nobody is logged in to Azure on this machine: run "az login"'
          : firstLine(error.message);
      return unavailable('unauthenticated', `no token for Key Vault could be had: ${why}`);
    }
    // Never the message of just any error: that of a parser quotes what it read.
    const code = networkError.safeParse(error).data?.code ?? (error instanceof Error ? error.name : typeof error);
    return unavailable('unreachable', `the vault ${hostname} cannot be reached: ${code}`);
  }

  const { statusCode, details, response } = answered.data;
  switch (statusCode) {
    case 401:
      return unavailable(
        'unauthenticated',
        `the vault ${hostname} does not accept this app's token: ${firstLine(details?.error.message ?? 'status 401')}`,
      );
    case 403:
      return forbidden(secret, hostname, details?.error.innerError?.code);
    case 404:
      return unavailable(
        'notFound',
        `the vault ${hostname} has no secret "${secret}": store it there, or correct the name in the probe`,
      );
    case 429: {
      const retryAfter = response?.headers.get('retry-after');
      const when = retryAfter === undefined ? '' : ` and asks to wait ${retryAfter} s`;
      return unavailable('throttled', `the vault ${hostname} throttles its callers${when}`);
    }
    case 200:
      return unavailable('unreachable', `the vault ${hostname} answered with something that is no secret`);
    default:
      return unavailable('unreachable', `the vault ${hostname} answered with status ${statusCode}`);
  }
}

/** 403 has many reasons, which the inner code tells apart: https://learn.microsoft.com/azure/key-vault/general/rest-error-codes */
function forbidden(secret: string, hostname: string, innerCode: string | undefined): SecretUnavailable {
  switch (innerCode) {
    case 'SecretDisabled':
      return disabled(secret);
    case 'ForbiddenByFirewall':
    case 'ForbiddenByConnection':
      return {
        kind: 'forbidden',
        secret,
        message: `the firewall of the vault ${hostname} does not let this app in: allow its network, or give it a private endpoint`,
      };
    default:
      return {
        kind: 'forbidden',
        secret,
        message: `this app may not read secret "${secret}" of the vault ${hostname}: give its identity the role "Key Vault Secrets User" (a new role takes some minutes to work)`,
      };
  }
}

export function disabled(secret: string): SecretUnavailable {
  return {
    kind: 'disabled',
    secret,
    message: `secret "${secret}" is disabled: enable it, or store a new version`,
  };
}

/** What DefaultAzureCredential throws when it has tried every login of this machine; the message lists them all. */
const developerLoginError = 'AggregateAuthenticationError';

/** By name, because `instanceof` would ask for the library, which may not be loaded. */
function isCredentialError(error: unknown): error is Error {
  return (
    error instanceof Error &&
    [
      'CredentialUnavailableError',
      'AuthenticationError',
      'AggregateAuthenticationError',
      'AuthenticationRequiredError',
    ].includes(error.name)
  );
}
