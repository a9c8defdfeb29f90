import { describe, expect, it } from 'vitest';
import { historySink } from '../../src/history/historySink.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { logSink, type OutcomeSink, recordOutcome } from '../../src/outcomes/recordOutcome.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { closedStorage, historyAt } from '../support/useHistory.ts';

function collector(): OutcomeSink & { readonly accepted: Outcome[] } {
  const accepted: Outcome[] = [];
  return { name: 'collector', accepted, write: async (outcome) => void accepted.push(outcome) };
}

const broken = (name: string, why: string): OutcomeSink => ({
  name,
  write: () => Promise.reject(new Error(why)),
});

describe('recordOutcome', () => {
  const outcome = buildOutcome({ verdict: 'failing' });

  it('stops waiting for a sink that never settles, and reports it', async () => {
    const endless: OutcomeSink = { name: 'endless', write: () => new Promise(() => undefined) };
    const sink = collector();
    expect(await recordOutcome(outcome, [endless, sink], 20)).toMatchObject([
      { sink: 'endless', message: 'endless did not accept the outcome: no response within 0.02 s' },
    ]);
    expect(sink.accepted).toEqual([outcome]);
  });

  it('writes the outcome to every sink and returns no error if all accept it', async () => {
    const [one, two] = [collector(), collector()];
    expect(await recordOutcome(outcome, [one, two])).toEqual([]);
    expect([one.accepted, two.accepted]).toEqual([[outcome], [outcome]]);
  });

  it('reports the sink that failed, and writes to the others', async () => {
    const sink = collector();
    const errors = await recordOutcome(outcome, [broken('history', 'away'), sink]);
    expect(errors).toMatchObject([
      { sink: 'history', message: 'history did not accept the outcome: away', cause: { message: 'away' } },
    ]);
    expect(sink.accepted).toEqual([outcome]);
  });

  it('reports a sink that throws before it has made a promise', async () => {
    const sink: OutcomeSink = {
      name: 'hasty',
      write() {
        throw new Error('at once');
      },
    };
    expect(await recordOutcome(outcome, [sink, collector()])).toMatchObject([{ sink: 'hasty' }]);
  });

  it('does not wait for one sink before it writes to the next', async () => {
    const second = collector();
    let release = () => {};
    const first: OutcomeSink = {
      name: 'slow',
      write: () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    };
    const recorded = recordOutcome(outcome, [first, second]);
    expect(second.accepted).toHaveLength(1);
    release();
    expect(await recorded).toEqual([]);
  });

  it('rejects when no sink accepted it, with run, verdict and every cause', async () => {
    const recorded = recordOutcome(outcome, [broken('log', 'full'), broken('history', 'away')]);
    await expect(recorded).rejects.toThrow(
      `run ${outcome.runId} of probe weu-group-key (failing) could not be recorded anywhere: log did not accept the outcome: full; history did not accept the outcome: away`,
    );
    await expect(recorded).rejects.toMatchObject({ errors: [{ message: 'full' }, { message: 'away' }] });
  });

  it('rejects without any sink', async () => {
    await expect(recordOutcome(outcome, [])).rejects.toThrow('could not be recorded anywhere: there is no sink');
  });

  it('reaches the log when the storage is not available, and reports why the history did not accept it', async () => {
    const lines: string[] = [];
    const history = historyAt(await closedStorage());
    const errors = await recordOutcome(outcome, [logSink((line) => lines.push(line)), historySink(history)]);
    expect(lines).toHaveLength(1);
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^history did not accept the outcome: the history storage at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/,
      ),
    ]);
  });
});

describe('the log line', () => {
  it('is the outcome as JSON on one line, without its transcript', async () => {
    const lines: string[] = [];
    const outcome = buildOutcome({ verdict: 'failing', reasons: ['first\nsecond'] });
    await logSink((line) => lines.push(line)).write({
      ...outcome,
      transcript: [{ atMs: 1, direction: 'sent', what: 'CONNECT' }],
    });
    expect(lines.map((line) => JSON.parse(line))).toEqual([outcome]);
    expect(lines[0]).not.toContain('\n');
  });
});
