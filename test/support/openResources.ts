import { expect } from 'vitest';

/**
 * Resources of a connection that was not closed: sockets, look-ups, servers. Timers are omitted, because the test runner has its own;
 * test/transport/processEnds.test.ts checks that none of ours remains.
 */
export function openResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/^(TCP|TLS|GETADDRINFO|HTTP)/i.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** The open resources once the sockets of earlier tests are closed: the baseline for what a test leaves open. */
export async function settledResources(): Promise<Record<string, number>> {
  await expect.poll(() => openResources().TCPSocketWrap, { timeout: 10_000 }).toBeUndefined();
  return openResources();
}

/** The open resources beyond the baseline. Fewer is not an error, because an earlier test's server may have closed in the meantime. */
export function openedSince(before: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(openResources()).filter(([kind, count]) => count > (before[kind] ?? 0)));
}
