import type { OutcomeSink } from './recordOutcome.ts';

/** One line of JSON for each outcome: the Outcome itself, without its transcript. */
export function logSink(writeLine: (line: string) => void): OutcomeSink {
  return {
    name: 'log',
    async write({ transcript: _, ...outcome }) {
      writeLine(JSON.stringify(outcome));
    },
  };
}
