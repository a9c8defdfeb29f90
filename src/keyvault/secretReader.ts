import type { KeyVaultSecret } from '@azure/keyvault-secrets';
import { type AzureIdentity, createAzureCredential } from '../identity/azureCredential.ts';
import { createOnce } from '../identity/createOnce.ts';
import { onlyKeyVault } from './onlyKeyVault.ts';
import type { SecretResult } from './secretResult.ts';
import { disabled, secretUnavailable } from './secretUnavailable.ts';

export interface SecretReaderOptions {
  readonly vaultUrl: string;
  readonly identity: AzureIdentity;
  /** How long a value is cached; a rotated key is read after this time. Default: two minutes. */
  readonly cacheMs?: number;
  /** How long a failure is cached, so that a failing vault does not get a request for each device. Default: five seconds. */
  readonly failureCacheMs?: number;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

export interface SecretReader {
  /**
   * Returns the newest version of the secret, or why it cannot be read. Never rejects. When `signal` aborts first, the result is
   * `unreachable`.
   */
  readonly read: (name: string, signal: AbortSignal) => Promise<SecretResult>;
  /** Loads the vault's client library ahead of the first read. Never rejects, and opens no connection. */
  readonly load: () => Promise<void>;
  /** Removes the value from the cache because it was refused and may have been rotated. The next read asks the vault. */
  readonly invalidate: (name: string) => void;
}

interface InFlightRead {
  readonly result: Promise<SecretResult>;
  readonly abort: AbortController;
  /** Number of callers that wait for it. */
  waiting: number;
}

/** Reads the secrets of one vault. Concurrent reads of the same secret share one request. */
export function createSecretReader(options: SecretReaderOptions): SecretReader {
  const { vaultUrl, identity, cacheMs = 120_000, failureCacheMs = 5_000, now = Date.now } = options;
  const cache = new Map<string, { readonly result: SecretResult; readonly until: number }>();
  const flights = new Map<string, InFlightRead>();
  const client = createOnce(() => createVaultClient(vaultUrl, identity));

  function start(name: string): InFlightRead {
    const abort = new AbortController();
    const flight: InFlightRead = { result: fetchSecret(name, abort.signal).then(settle), abort, waiting: 0 };
    flights.set(name, flight);
    return flight;

    function settle(result: SecretResult): SecretResult {
      if (flights.get(name) === flight) {
        flights.delete(name);
        cache.set(name, { result, until: cachedUntil(result) });
      }
      return result;
    }
  }

  async function fetchSecret(name: string, signal: AbortSignal): Promise<SecretResult> {
    try {
      const getSecret = await client();
      return judge(name, await getSecret(name, signal), now());
    } catch (error) {
      const unavailable = secretUnavailable(name, vaultUrl, error);
      // Identity clients that failed once have kept failing for days (azure-sdk-for-js#39566), so the next read creates a
      // new one.
      if (unavailable.kind === 'unauthenticated') client.forget();
      return unavailable;
    }
  }

  function cachedUntil(result: SecretResult): number {
    if (result.kind !== 'found') {
      return now() + failureCacheMs;
    }
    const expires = result.expiresOn === undefined ? Number.POSITIVE_INFINITY : Date.parse(result.expiresOn);
    return Math.min(now() + cacheMs, expires);
  }

  /** Aborts the request when no caller waits any more. Its result is not cached. */
  function cancel(name: string, flight: InFlightRead): void {
    if (flights.get(name) === flight) {
      flights.delete(name);
    }
    flight.abort.abort();
    // A token request cannot be aborted, and later reads of this client would wait for it.
    client.forget();
  }

  return {
    load: () =>
      client().then(
        () => undefined,
        () => undefined,
      ),
    async read(name, signal) {
      const known = cache.get(name);
      if (known !== undefined && now() < known.until) {
        return known.result;
      }
      if (signal.aborted) {
        return noResponse(name, vaultUrl);
      }
      const flight = flights.get(name) ?? start(name);
      flight.waiting += 1;
      const result = await undefinedWhenAborted(flight.result, signal);
      flight.waiting -= 1;
      if (result === undefined && flight.waiting === 0) {
        cancel(name, flight);
      }
      return result ?? noResponse(name, vaultUrl);
    },
    invalidate(name) {
      cache.delete(name);
      flights.delete(name);
    },
  };
}

/** Key Vault also returns secrets that are expired or not valid yet, so the reader must check the dates. */
function judge(name: string, { value: sent, properties }: KeyVaultSecret, now: number): SecretResult {
  const { enabled, contentType, version } = properties;
  const [notBefore, expiresOn] = [representable(properties.notBefore), representable(properties.expiresOn)];
  if (enabled === false) {
    return disabled(name);
  }
  if (notBefore !== undefined && now < notBefore.getTime()) {
    const message = `secret "${name}" is not valid before ${notBefore.toISOString()}`;
    return { kind: 'notYetValid', secret: name, message };
  }
  if (expiresOn !== undefined && expiresOn.getTime() <= now) {
    const message = `secret "${name}" expired at ${expiresOn.toISOString()}`;
    return { kind: 'expired', secret: name, message };
  }
  // The client's types promise a string, but a proxy that responds in the vault's place may send anything.
  const value: unknown = sent ?? '';
  if (typeof value !== 'string') {
    const message = `the response for secret "${name}" has no value that is a text`;
    return { kind: 'unreachable', secret: name, detail: 'notKeyVault', message };
  }
  return {
    kind: 'found',
    value,
    ...(contentType !== undefined && { contentType }),
    ...(version !== undefined && { version }),
    ...(expiresOn !== undefined && { expiresOn: expiresOn.toISOString() }),
  };
}

/** Undefined for a number of seconds that no Date can represent: the secret exists, and its expiry is unknown. */
function representable(date: Date | undefined): Date | undefined {
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

function noResponse(secret: string, vaultUrl: string): SecretResult {
  const message = `the vault ${new URL(vaultUrl).hostname}, or the identity endpoint, did not respond in time`;
  return { kind: 'unreachable', secret, message };
}

/** Undefined when the signal aborts first. Leaves no listener on it. */
async function undefinedWhenAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Reads the newest version of one secret. Rejects with what the library throws. */
type GetSecret = (name: string, signal: AbortSignal) => Promise<KeyVaultSecret>;

/** Key Vault of the Azure clouds: https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers */
const azureVault = /\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net|microsoftazure\.de)$/;

/** Loads the libraries. The first read opens the connection. */
async function createVaultClient(vaultUrl: string, identity: AzureIdentity): Promise<GetSecret> {
  const [{ SecretClient }, { boundedHttpClient }, credential] = await Promise.all([
    import('@azure/keyvault-secrets'),
    import('../identity/boundedHttpClient.ts'),
    createAzureCredential(identity),
  ]);
  const client = new SecretClient(vaultUrl, credential, {
    // One attempt: a vault that throttles or fails belongs in the outcome, within the probe's deadline.
    retryOptions: { maxRetries: 0 },
    httpClient: boundedHttpClient(),
    additionalPolicies: [{ policy: onlyKeyVault, position: 'perCall' }],
    // A vault's 401 names the resource that it wants a token for. The library checks that the vault is in that resource's
    // domain, because otherwise any server could ask for a token for Azure. A stand-in on this machine cannot pass this
    // check, so it is off for vaults outside Azure, and only for them.
    disableChallengeResourceVerification: !azureVault.test(new URL(vaultUrl).hostname),
  });
  return (name, abortSignal) => client.getSecret(name, { abortSignal });
}
