import * as z from 'zod/mini';
import { firstLine } from '../identity/azureCredential.ts';
import { NotKeyVaultError } from './onlyKeyVault.ts';
import type { SecretUnavailable } from './secretResult.ts';
import type { VaultProblem } from './vaultProblems.ts';

/** What the Azure libraries throw when a service responded: its status and error body. */
const serviceError = z.object({
  statusCode: z.number(),
  details: z.catch(
    z.optional(
      z.object({
        error: z.object({
          message: z.optional(z.string()),
          innerError: z.optional(z.object({ code: z.optional(z.string()) })),
        }),
      }),
    ),
    undefined,
  ),
  response: z.catch(
    z.optional(z.object({ headers: z.custom<{ get(name: string): string | undefined }>() })),
    undefined,
  ),
});

/** What they throw when no service responded: the platform's code. */
const networkError = z.object({ code: z.string() });

/** Classifies what reading a secret threw. The next steps are in src/outcomes/explanations. */
export function secretUnavailable(secret: string, vaultUrl: string, error: unknown): SecretUnavailable {
  const { hostname } = new URL(vaultUrl);
  const unavailable = (kind: SecretUnavailable['kind'], message: string, detail?: VaultProblem) => ({
    kind,
    secret,
    message,
    ...(detail && { detail }),
  });
  if (error instanceof NotKeyVaultError) {
    const message = `a server that is not Key Vault responded with status ${error.status} at ${hostname}`;
    return unavailable('unreachable', message, 'notKeyVault');
  }
  const responded = serviceError.safeParse(error);
  if (!responded.success) {
    if (isCredentialError(error)) return unavailable('unauthenticated', ...noToken(error));
    // Never the message of an unknown error: a parser's message quotes its input.
    const { code } = networkError.safeParse(error).data ?? {};
    if (code !== undefined) return unavailable('unreachable', `the vault ${hostname} cannot be reached: ${code}`);
    // The library throws a TypeError for a response that it cannot parse.
    return unavailable('unreachable', `the response of ${hostname} is not one of Key Vault's`, 'notKeyVault');
  }

  const { statusCode, details, response } = responded.data;
  switch (statusCode) {
    case 401: {
      const words = details?.error.message ?? 'status 401';
      const refused = `the vault ${hostname} does not accept this app's token: `;
      const [expected, found] = tenantsOf(words);
      return found
        ? unavailable(
            'unauthenticated',
            `${refused}it is of tenant ${found}, the vault's is ${expected}`,
            'otherTenant',
          )
        : unavailable('unauthenticated', refused + firstLine(words));
    }
    case 403:
      return forbidden(secret, hostname, details?.error ?? {});
    case 404:
      return unavailable('notFound', `the vault ${hostname} has no secret "${secret}"`);
    case 429: {
      const seconds = secondsToWait(response?.headers.get('retry-after'));
      const when = seconds === undefined ? '' : ` and asks to wait ${seconds} s`;
      return unavailable('throttled', `the vault ${hostname} throttles its callers${when}`);
    }
    case 200:
      return unavailable('unreachable', `the response of ${hostname} is not a secret of Key Vault`, 'notKeyVault');
    default:
      return unavailable('unreachable', `the vault ${hostname} responded with status ${statusCode}`);
  }
}

type ErrorBody = NonNullable<z.infer<typeof serviceError>['details']>['error'];

/** 403 has many reasons, which the inner code distinguishes: https://learn.microsoft.com/azure/key-vault/general/rest-error-codes */
function forbidden(secret: string, hostname: string, { innerError, message = '' }: ErrorBody): SecretUnavailable {
  const refused = (detail: VaultProblem, words: string): SecretUnavailable => ({
    kind: 'forbidden',
    secret,
    message: words,
    detail,
  });
  const mayNotRead = `this app may not read secret "${secret}" of the vault ${hostname}`;
  switch (innerError?.code) {
    case 'SecretDisabled':
      return disabled(secret);
    case 'ForbiddenByFirewall': {
      const [, address] = /Client address: ([\da-f.:]+)/i.exec(message) ?? [];
      const from = address ? ` from ${address}` : '';
      return refused('firewall', `the firewall of the vault ${hostname} does not accept this app's requests${from}`);
    }
    case 'ForbiddenByConnection':
      return refused('privateLinkOnly', `the vault ${hostname} accepts requests over its private endpoint only`);
    case 'ForbiddenByPolicy':
    case 'AccessDenied':
      return refused('noAccessPolicy', `${mayNotRead}: no access policy allows it`);
    default:
      return refused('noRole', `${mayNotRead}: no role allows it`);
  }
}

export function disabled(secret: string): SecretUnavailable {
  return { kind: 'disabled', secret, message: `secret "${secret}" is disabled` };
}

/** `AKV10032: Invalid issuer. Expected one of https://sts.windows.net/{tenant}/, found https://sts.windows.net/{tenant}/.` */
function tenantsOf(words: string): readonly string[] {
  if (!words.startsWith('AKV10032')) return [];
  const [expected = '', found = ''] = words.split(/\bfound\b/i);
  const tenant = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;
  return [tenant.exec(expected)?.[0] ?? 'another one', tenant.exec(found)?.[0] ?? ''];
}

/** Seconds, or a date (RFC 9110 §10.2.3). Undefined for anything else, and for a time in the past. */
function secondsToWait(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const seconds = Math.ceil((Date.parse(retryAfter) - Date.now()) / 1000);
  return seconds > 0 ? seconds : undefined;
}

/** What DefaultAzureCredential throws when no login of this machine worked; its message lists them all. */
const developerLoginError = 'AggregateAuthenticationError';

function noToken(error: Error): readonly [message: string, detail?: VaultProblem] {
  if (error.name === developerLoginError) {
    return ['no token for Key Vault: no login to Azure was found on this machine (run "az login")'];
  }
  // MSAL's code for an endpoint that cannot be reached or resets the connection.
  if (/network_error|Network unreachable/i.test(error.message)) {
    return [
      'no token for Key Vault: the managed identity endpoint (IDENTITY_ENDPOINT) cannot be reached: network_error',
      'identityEndpoint',
    ];
  }
  const words = firstLine(error.message);
  // MSAL's message for a response without an explanation.
  const [, kind] = /Message (\w+): Error\(s\): Not Available/.exec(words) ?? [];
  if (kind !== undefined) {
    return [
      `no token for Key Vault: the managed identity endpoint (IDENTITY_ENDPOINT) responded with an error: ${kind}`,
    ];
  }
  return [`no token for Key Vault: ${words}`];
}

/** By name, because `instanceof` would need the library, which may not be loaded. */
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
