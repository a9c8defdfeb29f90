import { describe, expect, it } from 'vitest';
import { reconcileOpenSimulations } from '../../src/simulations/store/pruneSimulations.ts';
import { claimBatch } from '../../src/simulations/worker/claimBatch.ts';
import { runSimulationTask } from '../../src/simulations/worker/runSimulationTask.ts';
import { apiOf, useSimulations } from '../support/useSimulations.ts';

const lab = useSimulations();
const unhurried = { allowAboveServiceLimits: true, ratePerSecond: 500 };

describe('fault 25: a simulation belongs to the location that started it', () => {
  it('another location shows it, and sends none of its batches to its own queue', async () => {
    const { context, api } = await lab.fleet({}, { limits: { resendAfterMs: -1 } });
    const { id } = await api.start({ probe: 'fleet', devices: 600, ...unhurried });
    const sent: unknown[] = [];
    const send = async (task: unknown) => void sent.push(task);
    const elsewhere = { ...context, location: 'elsewhere', queue: { send } };
    expect(await apiOf(elsewhere).get(id)).toMatchObject({ state: 'queued', location: 'test' });
    await reconcileOpenSimulations(elsewhere);
    expect(sent).toEqual([]);
    // The same with the location that started it.
    await reconcileOpenSimulations({ ...context, queue: { send } });
    expect(sent).not.toEqual([]);
  });

  it('another location can cancel it, and its own location completes it', async () => {
    const { context, api } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 5, ...unhurried });
    expect((await apiOf({ ...context, location: 'elsewhere' }).cancel(id))?.state).toBe('cancelling');
    expect(await api.get(id)).toMatchObject({ state: 'cancelled', cancelled: 5, left: 0 });
  });
});

describe('the lease of a batch', () => {
  const batchNumber = 0;

  it("has its age by the storage's clock, regardless of the clocks of the workers", async () => {
    const { context, api } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 5, ...unhurried });
    const now = Date.now;
    try {
      for (const skewMs of [120_000, -120_000]) {
        Date.now = now;
        const held = await claimBatch(context.batches, id, batchNumber, 30_000);
        if (held.kind !== 'claimed') throw new Error('expected the claim');
        Date.now = () => now() + skewMs;
        const other = await claimBatch(context.batches, id, batchNumber, 30_000);
        expect(other).toMatchObject({ kind: 'held' });
        if (other.kind === 'held') expect(other.expiresInMs).toBeGreaterThan(25_000);
        await held.lease.release();
      }
    } finally {
      Date.now = now;
    }
  });

  it('is the next worker’s once its worker has not renewed it for as long as it lasts', async () => {
    const { context, api } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 5, ...unhurried });
    const away = { ...context.batches, replace: () => Promise.reject(new Error('the storage is not available')) };
    const dead = await claimBatch(away, id, batchNumber, 1000);
    if (dead.kind !== 'claimed') throw new Error('expected the claim');
    await expect
      .poll(async () => (await claimBatch(context.batches, id, batchNumber, 1000)).kind, { timeout: 10_000 })
      .toBe('claimed');
    await expect(dead.lease.release()).rejects.toThrow('the storage is not available');
  });

  it('is not lost by a write whose response did not arrive', async () => {
    const { context, api } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 5, ...unhurried });
    const { replace } = context.batches;
    let isFirst = true;
    const withoutResponse: typeof replace = async (...args) => {
      const stored = await replace(...args);
      if (!isFirst) return stored;
      isFirst = false;
      throw new Error('the response was lost');
    };
    const claim = await claimBatch({ ...context.batches, replace: withoutResponse }, id, batchNumber, 400);
    if (claim.kind !== 'claimed') throw new Error('expected the claim');
    await expect.poll(() => isFirst, { timeout: 5000 }).toBe(false);
    await claim.lease.release();
    expect(claim.lease.lost).toBe(false);
    await runSimulationTask({ work: 'batch', simulationId: id, batchNumber }, context);
    expect((await api.untilEnded(id)).verdicts.healthy).toBe(5);
  });
});

it('starts devices at the requested rate when the clocks of two worker processes differ by four minutes', async () => {
  const { dps, storage, api, registrations } = await lab.fleet();
  for (const clockSkewMs of [-120_000, 120_000]) {
    lab.forkWorker({ storage, dpsPort: dps.mqttsPort, limits: {}, visibilitySeconds: 30, clockSkewMs });
  }
  const { id } = await api.start({ probe: 'fleet', devices: 500, allowAboveServiceLimits: true, ratePerSecond: 200 });
  const { verdicts, timeline } = await api.untilEnded(id);
  expect(verdicts.healthy).toBe(500);
  expect(registrations()).toHaveLength(500);
  expect(timeline.length).toBeGreaterThan(0);
});
