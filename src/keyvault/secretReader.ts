import type { KeyVaultSecret } from '@azure/keyvault-secrets';
import type { AzureIdentity } from '../identity/azureCredential.ts';
import type { SecretResult } from './secretResult.ts';
import { disabled, secretUnavailable } from './secretUnavailable.ts';
import { createVaultClient, type GetSecret } from './vaultClient.ts';

export interface SecretReaderOptions {
  readonly vaultUrl: string;
  readonly identity: AzureIdentity;
  /** How long a value that was read is used; a rotated key is seen after this time. Default: two minutes. */
  readonly keepMs?: number;
  /** How long a failure is believed, so that a vault in trouble is not asked once a device. Default: five seconds. */
  readonly keepFailureMs?: number;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

export interface SecretReader {
  /**
   * The newest version of the secret, or why there is none. Never rejects. When `signal` aborts before the vault has
   * answered, the result is `unreachable`.
   */
  readonly read: (name: string, signal: AbortSignal) => Promise<SecretResult>;
  /** Forgets the value: it was refused, and may have been rotated. The next read asks the vault. */
  readonly invalidate: (name: string) => void;
}

interface InFlightRead {
  readonly result: Promise<SecretResult>;
  readonly abort: AbortController;
  /** Readers that wait for it. */
  waiting: number;
}

/** Reads secrets of one vault. Readers of the same secret at the same time share one request. */
export function createSecretReader(options: SecretReaderOptions): SecretReader {
  const { vaultUrl, identity, keepMs = 120_000, keepFailureMs = 5_000, now = Date.now } = options;
  const kept = new Map<string, { readonly result: SecretResult; readonly until: number }>();
  const flights = new Map<string, InFlightRead>();
  let client: Promise<GetSecret> | undefined;

  function start(name: string): InFlightRead {
    const abort = new AbortController();
    const flight: InFlightRead = { result: ask(name, abort.signal).then(settle), abort, waiting: 0 };
    flights.set(name, flight);
    return flight;

    function settle(result: SecretResult): SecretResult {
      if (flights.get(name) === flight) {
        flights.delete(name);
        kept.set(name, { result, until: keepUntil(result) });
      }
      return result;
    }
  }

  function connect(): Promise<GetSecret> {
    const connected = client ?? createVaultClient(vaultUrl, identity);
    client = connected;
    connected.catch(() => {
      client = undefined; // what could not be made is made anew
    });
    return connected;
  }

  async function ask(name: string, signal: AbortSignal): Promise<SecretResult> {
    try {
      const getSecret = await connect();
      return judge(name, await getSecret(name, signal), now());
    } catch (error) {
      return secretUnavailable(name, vaultUrl, error);
    }
  }

  function keepUntil(result: SecretResult): number {
    if (result.kind !== 'found') {
      return now() + keepFailureMs;
    }
    const expires = result.expiresOn === undefined ? Number.POSITIVE_INFINITY : Date.parse(result.expiresOn);
    return Math.min(now() + keepMs, expires);
  }

  /** Nobody waits any more: the request ends, and nothing that comes of it is kept. */
  function cancel(name: string, flight: InFlightRead): void {
    if (flights.get(name) === flight) {
      flights.delete(name);
    }
    flight.abort.abort();
    // A request for a token cannot be aborted, and this client's later reads would queue behind it.
    client = undefined;
  }

  return {
    async read(name, signal) {
      const known = kept.get(name);
      if (known !== undefined && now() < known.until) {
        return known.result;
      }
      if (signal.aborted) {
        return unanswered(name, vaultUrl);
      }
      const flight = flights.get(name) ?? start(name);
      flight.waiting += 1;
      const result = await unlessAborted(flight.result, signal);
      flight.waiting -= 1;
      if (result === undefined && flight.waiting === 0) {
        cancel(name, flight);
      }
      return result ?? unanswered(name, vaultUrl);
    },
    invalidate(name) {
      kept.delete(name);
      flights.delete(name);
    },
  };
}

/** Key Vault returns secrets outside their validity as well: its dates are for us to obey. */
function judge(name: string, { value = '', properties }: KeyVaultSecret, now: number): SecretResult {
  const { enabled, notBefore, expiresOn, contentType, version } = properties;
  if (enabled === false) {
    return disabled(name);
  }
  if (notBefore !== undefined && now < notBefore.getTime()) {
    const message = `secret "${name}" is not valid before ${notBefore.toISOString()}`;
    return { kind: 'notYetValid', secret: name, message };
  }
  if (expiresOn !== undefined && expiresOn.getTime() <= now) {
    const message = `secret "${name}" expired at ${expiresOn.toISOString()}: store a new version`;
    return { kind: 'expired', secret: name, message };
  }
  return {
    kind: 'found',
    value,
    ...(contentType !== undefined && { contentType }),
    ...(version !== undefined && { version }),
    ...(expiresOn !== undefined && { expiresOn: expiresOn.toISOString() }),
  };
}

function unanswered(secret: string, vaultUrl: string): SecretResult {
  const message = `the vault ${new URL(vaultUrl).hostname}, or the identity that it asks for, did not answer in time`;
  return { kind: 'unreachable', secret, message };
}

/** Undefined when the signal was first. Leaves no listener on it. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
