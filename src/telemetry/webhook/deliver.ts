import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

export interface Receiver {
  /** From the vault. Never part of an error, because URLs of chat channels contain a token. */
  readonly url: string;
  /** Name of the secret, for errors: the address itself is never shown. */
  readonly urlSecret: string;
  readonly key: string | undefined;
}

const attempts = 3;
const attemptTimeoutMs = 5_000;
const firstPauseMs = 500;

/**
 * Posts JSON, at most three times: it tries again after no response, 408, 429 and 5xx. Redirects are not followed, so that a signed body is
 * sent only to the URL that the operator stored.
 * @throws Error with the status or the platform's code, the name of the secret, and the next step.
 */
export async function deliver(body: string, { url, urlSecret, key }: Receiver): Promise<void> {
  const address = URL.parse(url);
  if (address?.protocol !== 'https:') {
    throw new Error(
      `secret ${urlSecret} does not hold an https URL. Next: Store the whole address of the webhook in it`,
    );
  }
  for (let attempt = 1; ; attempt += 1) {
    const failure = await post(address, body, key);
    if (failure === undefined) return;
    if (!failure.isTransient || attempt === attempts) {
      const tries = attempt === 1 ? '1 attempt' : `${attempt} attempts`;
      throw new Error(`the webhook of secret ${urlSecret} ${failure.why}, after ${tries}. Next: ${failure.next}`);
    }
    await pause(firstPauseMs * 4 ** (attempt - 1));
  }
}

interface Failure {
  readonly why: string;
  /** The next step. Starts with the verb. */
  readonly next: string;
  readonly isTransient: boolean;
}

const triedAgain = 'the next run with that verdict tries again';

async function post(address: URL, body: string, key: string | undefined): Promise<Failure | undefined> {
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key && { 'x-dps-canary-signature': sign(body, key) }) },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(attemptTimeoutMs),
    });
    await response.body?.cancel();
    const { status } = response;
    if (response.ok) return undefined;
    if (status >= 300 && status < 400) {
      const next = 'Store its final address in the secret: redirects are not followed';
      return { why: `redirects (${status})`, next, isTransient: false };
    }
    return { why: `responded ${status}`, ...adviceOn(status) };
  } catch (error) {
    const next = `Check that this app can reach the receiver; ${triedAgain}`;
    return { why: `did not respond (${codeOf(error)})`, next, isTransient: true };
  }
}

function adviceOn(status: number): Pick<Failure, 'next' | 'isTransient'> {
  if (status === 408 || status === 429 || status >= 500) {
    return { next: `Check the state of the receiver; ${triedAgain}`, isTransient: true };
  }
  const isAddress = [401, 403, 404, 410].includes(status);
  const next = isAddress
    ? 'Check that the webhook still exists, and store its address in the secret again'
    : 'Check that the receiver accepts JSON with a field "text"';
  return { next, isTransient: false };
}

/**
 * `t` is Unix seconds; `v1` the HMAC-SHA256 over `t.body` in hex: a receiver refuses old requests, so a recorded one cannot be replayed.
 */
function sign(body: string, key: string): string {
  const seconds = Math.floor(Date.now() / 1000);
  return `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`;
}

/** Never the message: it may contain the URL. */
function codeOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : (name ?? 'unknown');
}
