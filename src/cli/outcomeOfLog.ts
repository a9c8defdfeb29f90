import type { HostLogEntry } from '../local/functionsHost/hostLog.ts';
import type { Outcome } from '../outcomes/outcome.ts';

/** The outcome that a log line is, if it is one: what any other reader of the app's log would do. */
export function outcomeOfLog({ message }: HostLogEntry): Outcome | undefined {
  if (!message.startsWith('{')) return undefined;
  try {
    const line: Partial<Outcome> = JSON.parse(message);
    return line.runId && line.verdict && line.probe ? (line as Outcome) : undefined;
  } catch {
    return undefined;
  }
}
