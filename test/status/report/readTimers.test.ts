import { describe, expect, it } from 'vitest';
import { dueTimes } from '../../../src/config/schedule.ts';
import type { HeartbeatOf } from '../../../src/history/heartbeat.ts';
import { readTimers, type TimerContext } from '../../../src/status/report/readTimers.ts';
import { historyAt, useAzurite } from '../../support/useHistory.ts';

const azurite = useAzurite();
const now = new Date('2026-11-24T14:32:00.000Z');
const minutesAgo = (minutes: number) => new Date(Math.floor(now.getTime() / 60_000) * 60_000 - minutes * 60_000);

/** `completed`: in minutes ago, like `died`. */
async function recordHeartbeats(
  location: string,
  of: HeartbeatOf,
  { completed = [], died = [] }: Partial<Record<'completed' | 'died', number[]>>,
) {
  const history = historyAt(azurite.connectionString(), location);
  for (const minutes of [...completed, ...died]) {
    const call = { scheduledAt: minutesAgo(minutes), instance: `ago-${minutes}` };
    await history.startHeartbeat(of, call);
    if (completed.includes(minutes)) await history.completeHeartbeat(of, call);
  }
}

function timers(own: string, others: readonly string[] = [], context: Partial<TimerContext> = {}) {
  return readTimers(historyAt(azurite.connectionString(), own), [own, ...others], {
    dueTimes: (probe, fromMs, toMs) => dueTimes('0 */5 * * * *', probe, fromMs, toMs),
    ownLocation: own,
    nowMs: now.getTime(),
    upSinceMs: now.getTime(),
    signal: AbortSignal.timeout(20_000),
    ...context,
  });
}

describe('the timer of scheduled runs', () => {
  it.each<[string, string, Parameters<typeof recordHeartbeats>[2], object]>([
    [
      'fires and finishes',
      'fine',
      { completed: [2, 7] },
      { state: 'onTime', lastStartedAt: minutesAgo(2).toISOString() },
    ],
    ['is in its run', 'running', { completed: [7], died: [2] }, { state: 'onTime' }],
    ['lost a worker', 'died', { completed: [2], died: [7] }, { state: 'unfinished' }],
    ['stopped firing', 'stopped', { completed: [12, 17] }, { state: 'silent', dueAt: minutesAgo(7).toISOString() }],
  ])('20: is reported if it %s', async (_, location, heartbeats, expected) => {
    await recordHeartbeats(location, 'probes', heartbeats);
    expect(await timers(location)).toEqual([expect.objectContaining({ timer: 'probes', location, ...expected })]);
  });

  it('20: that never fired is silent after a run was due while the process was running', async () => {
    expect(await timers('new')).toMatchObject([{ state: 'onTime' }]);
    const upSinceMs = minutesAgo(4).getTime();
    expect(await timers('new', [], { upSinceMs })).toMatchObject([
      { state: 'silent', dueAt: minutesAgo(2).toISOString() },
    ]);
  });

  it('of another location may be staggered, and is silent from the second due time on', async () => {
    await recordHeartbeats('staggered', 'probes', { completed: [5, 10] });
    await recordHeartbeats('silent', 'probes', { completed: [13, 18] });
    await recordHeartbeats('own', 'probes', { completed: [2, 7] });
    const states = (await timers('own', ['staggered', 'silent'])).map(({ location, state }) => [location, state]);
    expect(states).toEqual([
      ['own', 'onTime'],
      ['staggered', 'onTime'],
      ['silent', 'silent'],
    ]);
  });
});

describe('the maintenance', () => {
  it('is reported for all locations in one report, regardless of the location that reads it', async () => {
    await recordHeartbeats('first', 'probes', { completed: [2, 7] });
    await recordHeartbeats('second', 'probes', { completed: [2, 7] });
    await recordHeartbeats('second', 'maintenance', { completed: [15, 75] });
    await recordHeartbeats('first', 'maintenance', { completed: [1000] });
    const maintenance = async () => (await timers('first', ['second'])).filter(({ timer }) => timer === 'maintenance');
    expect(await maintenance()).toMatchObject([{ state: 'onTime', lastStartedAt: minutesAgo(15).toISOString() }]);
  });

  it.each<[string, string, Parameters<typeof recordHeartbeats>[2], string]>([
    ['has not run for hours', 'silent-maintenance', { completed: [200, 260] }, 'silent'],
    ['dies each time', 'dying-maintenance', { died: [15, 75, 135, 195], completed: [255] }, 'unfinished'],
    ['died once', 'died-once', { completed: [75], died: [15] }, 'onTime'],
  ])('is reported if it %s', async (_, location, heartbeats, state) => {
    await recordHeartbeats(location, 'probes', { completed: [2, 7] });
    await recordHeartbeats(location, 'maintenance', heartbeats);
    expect(await timers(location)).toMatchObject([{ timer: 'probes' }, { timer: 'maintenance', state }]);
  });
});
