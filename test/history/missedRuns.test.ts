import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missedTicks } from '../../src/history/missedRuns.ts';

const minutes = (...list: number[]) => list.map((minute) => minute * 60_000);

describe('missed ticks', () => {
  it.each([
    ['nothing ran', [0, 5, 10], [], [0, 5, 10]],
    ['every tick has its run', [0, 5, 10], [0.1, 5.01, 10], []],
    ['one has none', [0, 5, 10], [0.1, 10.1], [5]],
    ['a run came before its tick by a hair', [0, 5], [0, 4.995], []],
    ['a late run fills its own tick, not the next', [0, 5, 10], [4.9, 10], [5]],
    ['two runs at one tick fill one', [0, 5], [0, 0.1], [5]],
    ['a run more than an hour late', [0, 120], [61, 120], [0]],
    ['a run less than an hour late', [0, 120], [59, 120], []],
    ['runs arrive in any order', [0, 5, 10], [10, 0, 5], []],
    ['no tick was due', [], [3], []],
  ])('when %s', (_, ticks, starts, missed) => {
    expect(missedTicks(minutes(...ticks), minutes(...starts))).toEqual(minutes(...missed));
  });

  it('are exactly the ticks whose runs are taken away', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ ran: fc.boolean(), lateMs: fc.integer({ min: -400, max: 200_000 }) })),
        (ticks) => {
          const ticksMs = ticks.map((_, index) => index * 300_000);
          const starts = ticks.flatMap(({ ran, lateMs }, index) => (ran ? [index * 300_000 + lateMs] : []));
          expect(missedTicks(ticksMs, starts)).toEqual(ticksMs.filter((_, index) => !ticks[index]?.ran));
        },
      ),
    );
  });
});
