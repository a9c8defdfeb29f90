const parentPollMs = 500;

/**
 * Resolves when this process is asked to stop: Ctrl-C, `kill`, a closed terminal. npm passes a SIGTERM only to its shell, which ends
 * without forwarding it, so under npm the end of that shell also counts.
 */
export function stopSignal(): Promise<'stopped'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('stopped'));
    if (process.env.npm_lifecycle_event === undefined) return;
    const shell = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === shell) return;
      clearInterval(timer);
      resolve('stopped');
    }, parentPollMs);
    timer.unref();
  });
}

/** Whether the promise has already resolved. */
export async function isStopped(stopped: Promise<'stopped'>): Promise<boolean> {
  return (await Promise.race([stopped, 'running'])) === 'stopped';
}
