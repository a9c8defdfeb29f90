/** Log entries with the host's categories, filtered by `logging.logLevel` of host.json. */
import type { LogLevel } from './coreTypes.ts';

export interface HostLogEntry {
  readonly level: LogLevel;
  /**
   * As in Azure: `Function.NAME.User` for a handler's entries, `Function.NAME` for the host's entries about one call, `Host.…` for all
   * others.
   */
  readonly category: string;
  readonly message: string;
  readonly functionName?: string;
  readonly invocationId?: string;
}

export type HostLog = (entry: HostLogEntry) => void;

const severities: readonly LogLevel[] = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

/**
 * Passes on entries that host.json allows: by the longest matching category prefix, then `default`, then Information:
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
