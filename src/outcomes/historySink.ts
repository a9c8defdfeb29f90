import type { OutcomeHistory } from './history.ts';
import type { OutcomeSink } from './recordOutcome.ts';
import { describeStorageFault } from './storageFault.ts';

export function historySink(history: Pick<OutcomeHistory, 'append'>): OutcomeSink {
  return {
    name: 'history',
    async write(outcome) {
      try {
        await history.append(outcome);
      } catch (cause) {
        throw new Error(describeStorageFault(cause), { cause });
      }
    },
  };
}
