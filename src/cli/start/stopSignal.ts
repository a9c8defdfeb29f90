const parentPollMs = 500;

/**
 * Resolves when this process is asked to end: Ctrl-C, `kill`, a closed terminal. npm hands a SIGTERM on to its shell only, which
 * ends of it and forwards nothing; so under npm the end of that shell counts as well.
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
