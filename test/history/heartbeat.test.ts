import { describe, expect, it } from 'vitest';
import { closedStorage, historyAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const at = (minute: number) => new Date(Date.UTC(2026, 10, 24, 1, minute));
const call = (minute: number, instance = 'one') => ({ scheduledAt: at(minute), instance });
const from = (location: string) => historyAt(azurite.connectionString(), location);

describe('the heartbeat', () => {
  it('is recorded once for each scheduled run, and read newest first', async () => {
    const history = from('westeurope');
    for (const minute of [0, 5, 10, 15]) {
      expect(await history.startHeartbeat('probes', call(minute))).toEqual({ kind: 'recorded' });
    }
    const range = { sinceMs: at(5).getTime(), untilMs: at(15).getTime() };
    expect(await history.heartbeats('probes', range)).toEqual([
      { scheduledMs: at(10).getTime(), completed: false, sinkErrors: [] },
      { scheduledMs: at(5).getTime(), completed: false, sinkErrors: [] },
    ]);
  });

  it('distinguishes a scheduled run that ended, one whose worker died, and another timer (fault 17)', async () => {
    const history = from('ended');
    for (const minute of [0, 5]) await history.startHeartbeat('probes', call(minute));
    await history.completeHeartbeat('probes', call(0));
    expect(await history.heartbeats('probes', {})).toEqual([
      { scheduledMs: at(5).getTime(), completed: false, sinkErrors: [] },
      { scheduledMs: at(0).getTime(), completed: true, sinkErrors: [] },
    ]);
    expect(await history.heartbeats('maintenance', {})).toEqual([]);
    expect(await history.startHeartbeat('probes', call(0, 'two'))).toMatchObject({ kind: 'repeated' });
  });

  it('knows which sinks did not accept the outcomes of a run that ended, in text that every page can show', async () => {
    const history = from('sinks');
    await history.startHeartbeat('probes', call(0));
    await history.completeHeartbeat('probes', { ...call(0), sinkErrors: ['a\u202e\nsink', 'x'.repeat(5_000)] });
    const [newest] = await history.heartbeats('probes', {});
    expect(newest?.sinkErrors).toEqual(['a\ufffd sink', `${'x'.repeat(399)}…`]);
  });

  it('reports a scheduled run that starts twice, and who was first', async () => {
    const history = from('twice');
    await history.startHeartbeat('probes', call(0, 'first'));
    const repeated = await history.startHeartbeat('probes', call(0, 'second'));
    expect(repeated).toEqual({
      kind: 'repeated',
      firstAt: expect.stringMatching(/^\d{4}-.*Z$/),
      firstInstance: 'first',
    });
    expect(await history.heartbeats('probes', {})).toHaveLength(1);
  });

  it('accepts only one of two concurrent instances as the first', async () => {
    const [one, other] = [from('race'), from('race')];
    const results = await Promise.all([
      one.startHeartbeat('probes', call(0)),
      other.startHeartbeat('probes', call(0, 'two')),
    ]);
    expect(results.map(({ kind }) => kind).sort()).toEqual(['recorded', 'repeated']);
  });

  it('is separate for each location, with any name', async () => {
    for (const location of ["plant 7/hall 'B'", '日本', 'plant-7'])
      await from(location).startHeartbeat('probes', call(0));
    expect(await from("plant 7/hall 'B'").heartbeats('probes', {})).toHaveLength(1);
    expect(await from('elsewhere').heartbeats('probes', {})).toEqual([]);
  });

  it('rejects if the storage is not available: the caller reports it, and the probes run', async () => {
    const history = historyAt(await closedStorage());
    await expect(history.startHeartbeat('probes', call(0))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
