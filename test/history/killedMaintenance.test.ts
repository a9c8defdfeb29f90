import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dueTimes } from '../../src/config/schedule.ts';
import { dayMs, hourMs, rollupTable } from '../../src/history/rollup.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { createLeases } from '../../src/storage/leases.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { maintenanceApp } from '../support/maintenanceApp.ts';
import type { MaintenanceJob, MaintenanceReport } from '../support/maintenanceProcess.ts';
import { seedOutcomes } from '../support/seedOutcomes.ts';
import { historyAt, tablesAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const program = fileURLToPath(new URL('../support/maintenanceProcess.ts', import.meta.url));
const minuteMs = 60_000;
const now = new Date();
const everything = { fromMs: 0, toMs: now.getTime() };

type RunsOf = Pick<Outcome, 'probe' | 'location'>;

/** A run every five minutes, as the schedule has it: every seventh is missing, and every fifth failed or could not run. */
function runs(at: RunsOf, fromMs: number, toMs: number, odd: Outcome['verdict']): Outcome[] {
  const outcomes: Outcome[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += 5 * minuteMs) {
    const number = Math.round((atMs - fromMs) / (5 * minuteMs));
    if (number % 7 === 6) continue;
    const verdict = number % 5 === 4 ? odd : 'healthy';
    const startedAt = new Date(atMs + 20).toISOString();
    outcomes.push(buildOutcome({ ...at, runId: `run-${atMs}`, startedAt, verdict }));
  }
  return outcomes;
}

const plan = (probes: readonly string[]) => ({
  probes: probes.map((name) => ({ name })),
  retentionDays: 90,
  dueTimes: (probe: { everyMinutes?: number | undefined }, fromMs: number, toMs: number) =>
    dueTimes('0 */5 * * * *', probe, fromMs, toMs),
});

/** Forks the maintenance and waits until it has stopped in the middle. */
async function startMaintenance(job: Omit<MaintenanceJob, 'connectionString' | 'nowMs'>) {
  const child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  const next = async (): Promise<MaintenanceReport> => (await once(child, 'message'))[0];
  const stopped = next();
  child.send({ connectionString: azurite.connectionString(), nowMs: now.getTime(), ...job } satisfies MaintenanceJob);
  expect(await stopped).toEqual({ kind: 'stopped' });
  return {
    kill,
    async goOn() {
      const ended = next();
      child.send('go on');
      return ended;
    },
  };
}

async function sumOfRuns({ probe, location }: RunsOf): Promise<number> {
  const totals = await historyAt(azurite.connectionString(), location).runTotals(probe);
  return Object.values(totals).reduce((sum, count) => sum + count, 0);
}

describe('maintenance that is killed with SIGKILL', () => {
  it('in the middle of its roll-up counts nothing twice and loses nothing', async () => {
    const [fromMs, toMs] = [now.getTime() - 2.2 * dayMs, now.getTime() - 10 * minuteMs];
    const location = 'weu';
    const [killed, undisturbed] = ['killed', 'undisturbed'];
    const truth = runs({ probe: killed, location }, fromMs, toMs, 'failing');
    await seedOutcomes(azurite.connectionString(), [
      ...truth,
      ...runs({ probe: undisturbed, location }, fromMs, toMs, 'failing'),
    ]);
    const history = historyAt(azurite.connectionString(), location);
    await history.rollUp(now, plan([undisturbed]));
    const hoursOf = (probe: string) => history.rollups(probe, 'hour', everything);

    // Its writes are the hours of a day, the day, and so on: each process gets one write further than the one before it.
    const work = { location, probes: [killed], ownershipMs: 60_000 };
    for (const count of [1, 2, 3]) {
      const maintenance = await startMaintenance({ ...work, stopAt: { table: rollupTable, write: 'put', count } });
      await maintenance.kill();
      const hours = await hoursOf(killed);
      expect(hours.length).toBeGreaterThan(0);
      const expected = (await hoursOf(undisturbed)).filter(({ startMs }) => startMs <= (hours[0]?.startMs ?? 0));
      expect(hours).toEqual(expected);
      expect(await sumOfRuns({ probe: killed, location })).toBe(truth.length);
      // A busy storage may have refused the first heartbeat.
      expect((await history.heartbeats('maintenance', {})).filter(({ completed }) => completed)).toEqual([]);
    }

    const app = maintenanceApp({
      location,
      probes: [killed],
      openTable: tablesAt(azurite.connectionString()),
      now,
    });
    await app.runTimer();
    expect(app.errors).toEqual([]);
    for (const span of ['hour', 'day'] as const) {
      expect(await history.rollups(killed, span, everything)).toEqual(
        await history.rollups(undisturbed, span, everything),
      );
    }
    expect(await sumOfRuns({ probe: killed, location })).toBe(truth.length);
    expect(await history.heartbeats('maintenance', {})).toMatchObject([{ completed: true }]);
  });

  it('in the middle of its deletion is replaced when its ownership expires, and a process that was only slow finds the rows deleted', async () => {
    const location = 'sea';
    const probes = ['deleted-1', 'deleted-2'];
    const oldMs = now.getTime() - 100 * dayMs;
    const youngMs = now.getTime() - 3 * hourMs;
    const old = probes.flatMap((probe) => runs({ probe, location }, oldMs, oldMs + 20 * hourMs, 'unknown'));
    const young = probes.flatMap((probe) => runs({ probe, location }, youngMs, youngMs + hourMs, 'unknown'));
    await seedOutcomes(azurite.connectionString(), old);
    const history = historyAt(azurite.connectionString(), location);
    await history.rollUp(new Date(oldMs + 22 * hourMs), plan(probes));
    await seedOutcomes(azurite.connectionString(), young);
    const totals = () => Promise.all(probes.map((probe) => sumOfRuns({ probe, location })));
    const before = await totals();
    expect(before.reduce((sum, count) => sum + count)).toBe(old.length + young.length);

    const stopAt = { table: 'outcomes', write: 'removeAll', count: 1 } as const;
    const work = { location, probes, ownershipMs: 4_000, stopAt };
    const startedAt = performance.now();
    const killed = await startMaintenance(work);
    const leases = createLeases(tablesAt(azurite.connectionString())('maintenance'));
    const ownership = { key: { partitionKey: 'maintenance', rowKey: 'prune' }, holder: 'test', lastsMs: 1 };
    const attempt = await leases.tryAcquire(ownership);
    // Unless this machine is so busy that the ownership has expired.
    if (performance.now() - startedAt < work.ownershipMs) expect(attempt).toMatchObject({ kind: 'busy' });
    await killed.kill();
    expect(await totals()).toEqual(before);
    // It got as far as its first transaction.
    expect(await history.summaries('deleted-1', {})).toHaveLength((old.length + young.length) / 2 - 100);

    // The next owner stops for longer than its ownership lasts; a third process of another location takes over.
    const isExpired = async () => {
      const result = await leases.tryAcquire(ownership);
      if (result.kind === 'held') await result.lease.release();
      return result.kind === 'held';
    };
    await expect.poll(isExpired, { timeout: 30_000 }).toBe(true);
    const slow = await startMaintenance(work);
    const app = maintenanceApp({ location: 'neu', openTable: tablesAt(azurite.connectionString()), now });
    const deletedRows = async () => {
      await app.maintain();
      return app.lines.some((line) => / [1-9]\d* rows deleted/.test(line));
    };
    await expect.poll(deletedRows, { timeout: 30_000 }).toBe(true);
    expect(await slow.goOn()).toMatchObject({ kind: 'ended', errors: [] });

    expect(app.errors).toEqual([]);
    for (const probe of probes) {
      const stored = young.filter((outcome) => outcome.probe === probe).map(({ runId }) => runId);
      const keptOdd = young.filter((outcome) => outcome.probe === probe && outcome.verdict !== 'healthy');
      const idsOf = async (index: 'all' | 'unhealthy') =>
        (await history.newest(probe, index, 1000)).map(({ runId }) => runId).toReversed();
      expect(await idsOf('all')).toEqual(stored);
      expect(await idsOf('unhealthy')).toEqual(keptOdd.map(({ runId }) => runId));
    }
    expect(await totals()).toEqual(before);
  });
});
