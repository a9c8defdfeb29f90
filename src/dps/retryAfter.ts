/** What Microsoft's SDKs wait where the service names no time. */
const defaultRetryAfterSeconds = 2;
/** "5 polls in 10 s per device" (service limits). Where the service asks for no wait at all, this many answers may follow at once. */
const pollsWithoutWait = 5;

/**
 * Seconds to wait before the next request, from the `retry-after` parameter as it was sent. A missing, negative or non-numeric
 * one counts as the SDKs' default; a zero is honoured until it would break the service's own limit of polls.
 */
export function retryAfterSeconds(sent: string | undefined, answersSoFar: number): number {
  const seconds = sent !== undefined && /^\d+(\.\d+)?$/.test(sent) ? Number(sent) : defaultRetryAfterSeconds;
  return seconds === 0 && answersSoFar > pollsWithoutWait ? defaultRetryAfterSeconds : seconds;
}

/** True where the parameter is not what the document promises: "il valore Retry-After in secondi". */
export function isInvalidRetryAfter(sent: string | undefined): boolean {
  return sent === undefined || !/^\d+$/.test(sent);
}
