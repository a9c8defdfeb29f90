import type { OutcomeSink } from '../outcomes/recordOutcome.ts';
import { describeStorageError } from '../storage/describeStorageError.ts';
import type { OutcomeHistory } from './history.ts';

/** Appends outcomes to the history. Rejects with a sentence for the person on call instead of the client library's error. */
export function historySink(history: Pick<OutcomeHistory, 'append'>): OutcomeSink {
  return {
    name: 'history',
    async write(outcome) {
      try {
        await history.append(outcome);
      } catch (cause) {
        throw new Error(describeStorageError(cause), { cause });
      }
    },
  };
}
