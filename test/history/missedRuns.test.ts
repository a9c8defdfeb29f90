import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missedRuns } from '../../src/history/missedRuns.ts';

const minutes = (...list: number[]) => list.map((minute) => minute * 60_000);

describe('missed runs', () => {
  it.each([
    ['nothing ran', [0, 5, 10], [], [0, 5, 10]],
    ['every due time has its run', [0, 5, 10], [0.1, 5.01, 10], []],
    ['one due time has no run', [0, 5, 10], [0.1, 10.1], [5]],
    ['a run started slightly before its due time', [0, 5], [0, 4.995], []],
    ['a late run fills its own due time, not the next', [0, 5, 10], [4.9, 10], [5]],
    ['two runs at one due time fill one', [0, 5], [0, 0.1], [5]],
    ['a run more than an hour late', [0, 120], [61, 120], [0]],
    ['a run less than an hour late', [0, 120], [59, 120], []],
    ['runs arrive in any order', [0, 5, 10], [10, 0, 5], []],
    ['no run was due', [], [3], []],
  ])('when %s', (_, due, starts, missed) => {
    expect(missedRuns(minutes(...due), minutes(...starts))).toEqual(minutes(...missed));
  });

  it('are exactly the due times whose runs are removed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ ran: fc.boolean(), lateMs: fc.integer({ min: -400, max: 200_000 }) })),
        (due) => {
          const dueTimesMs = due.map((_, index) => index * 300_000);
          const starts = due.flatMap(({ ran, lateMs }, index) => (ran ? [index * 300_000 + lateMs] : []));
          expect(missedRuns(dueTimesMs, starts)).toEqual(dueTimesMs.filter((_, index) => !due[index]?.ran));
        },
      ),
    );
  });
});
