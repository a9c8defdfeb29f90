/**
 * Resources of a connection that was not closed: sockets, look-ups, servers. Timers are left out, because the test runner has its own; that
 * none of ours stays behind is shown by processes that end by themselves.
 */
export function openResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/^(TCP|TLS|GETADDRINFO|HTTP)/i.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
