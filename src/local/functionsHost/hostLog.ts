/** Log entries with the host's own categories, filtered by host.json's `logging.logLevel`. */
import type { LogLevel } from './coreTypes.ts';

export interface HostLogEntry {
  readonly level: LogLevel;
  /** As in Azure: `Function.NAME.User` is what a handler logged, `Function.NAME` the host about one call, `Host.…` the rest. */
  readonly category: string;
  readonly message: string;
  readonly functionName?: string;
  readonly invocationId?: string;
}

export type HostLog = (entry: HostLogEntry) => void;

const severities: readonly LogLevel[] = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

/**
 * Passes on what host.json lets through. The longest matching category prefix decides, then `default`, then Information:
 * https://learn.microsoft.com/azure/azure-functions/configure-monitoring#configure-log-levels
 */
export function filterLog(logLevels: Readonly<Record<string, LogLevel>>, onLog: HostLog): HostLog {
  return (entry) => {
    const minimum = minimumLevel(logLevels, entry.category);
    if (severities.indexOf(entry.level) >= severities.indexOf(minimum) && minimum !== 'none') onLog(entry);
  };
}

function minimumLevel(logLevels: Readonly<Record<string, LogLevel>>, category: string): LogLevel {
  const prefixes = Object.keys(logLevels)
    .filter((prefix) => category === prefix || category.startsWith(`${prefix}.`))
    .sort((a, b) => b.length - a.length);
  return logLevels[prefixes[0] ?? 'default'] ?? 'information';
}
