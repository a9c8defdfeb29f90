import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

export interface Receiver {
  /** As read from the vault; never part of an error, because addresses of chat channels hold a token. */
  readonly url: string;
  /** Name of the secret, for errors. */
  readonly urlSecret: string;
  readonly key: string | undefined;
}

const attempts = 3;
const attemptTimeoutMs = 5_000;
const firstPauseMs = 500;

/**
 * Posts JSON, at most three times: again after no response, 408, 429 and 5xx. Redirects are not followed: a signed body goes to the
 * address that the operator stored, and nowhere else.
 * @throws Error with the status or the platform's code, and the name of the secret.
 */
export async function deliver(body: string, { url, urlSecret, key }: Receiver): Promise<void> {
  const address = URL.parse(url);
  if (address?.protocol !== 'https:') throw new Error(`secret ${urlSecret}: expected an https URL`);
  for (let attempt = 1; ; attempt += 1) {
    const failure = await post(address, body, key);
    if (failure === undefined) return;
    if (!failure.isTransient || attempt === attempts) {
      throw new Error(`the webhook of secret ${urlSecret} ${failure.why}, after ${attempt} of ${attempts} attempts`);
    }
    await pause(firstPauseMs * 4 ** (attempt - 1));
  }
}

interface Failure {
  readonly why: string;
  readonly isTransient: boolean;
}

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
      return { why: `redirects (${status}): store its final address`, isTransient: false };
    }
    return { why: `responded ${status}`, isTransient: status === 408 || status === 429 || status >= 500 };
  } catch (error) {
    return { why: `did not respond (${codeOf(error)})`, isTransient: true };
  }
}

/** `t` is Unix seconds; `v1` the HMAC-SHA256 over `t.body` in hex: a receiver refuses what is old, so a recorded request is of no use. */
function sign(body: string, key: string): string {
  const seconds = Math.floor(Date.now() / 1000);
  return `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`;
}

/** Never the message: it may hold the address. */
function codeOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : (name ?? 'unknown');
}
