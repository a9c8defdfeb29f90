/** What Microsoft's SDKs wait where the service names no time. */
const defaultSeconds = 2;
/** "5 polls in 10 s per device" (service limits). Where the service asks for no wait at all, this many responses may follow at once. */
const responsesWithoutWait = 5;
/** Far beyond every deadline, and a number that every reader of it can hold. */
const maxSeconds = 2 ** 31 - 1;

export interface RetryAfter {
  /** Seconds to wait before the next request. */
  readonly seconds: number;
  /** The parameter is not a whole number of seconds, as the document promises. */
  readonly invalid: boolean;
}

/**
 * Reads the `retry-after` parameter as it was sent. One that is missing, negative or not a decimal number counts as the SDKs'
 * default. Less than a second counts as zero, and zero is honoured until it would break the service's own limit of polls.
 */
export function readRetryAfter(sent: string | undefined, responsesSoFar: number): RetryAfter {
  const asked = sent !== undefined && /^\d+(\.\d+)?$/.test(sent) ? Math.min(Number(sent), maxSeconds) : defaultSeconds;
  const seconds = asked >= 1 ? asked : responsesSoFar > responsesWithoutWait ? defaultSeconds : 0;
  return { seconds, invalid: sent === undefined || !/^\d{1,9}$/.test(sent) };
}
