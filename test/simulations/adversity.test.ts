import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { failSimulationTask, runSimulationTask } from '../../src/simulations/worker/runSimulationTask.ts';
import { groupProbe } from '../support/simulatedFleet.ts';
import { batchQueue } from '../support/simulationStorage.ts';
import { apiOf, useSimulations } from '../support/useSimulations.ts';

const lab = useSimulations();
const unhurried = { allowAboveServiceLimits: true, ratePerSecond: 500 };

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

describe('at-least-once delivery', () => {
  it('counts each device once when every message is delivered three times, at the same time', async () => {
    const { context, api, registrations } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 60, ...unhurried });
    const message = { work: 'batch', simulationId: id, batchNumber: 0 };
    await Promise.all([1, 2, 3].map(() => runSimulationTask(message, context)));
    const ended = await api.untilEnded(id);
    expect(sumOf(ended.verdicts)).toBe(60);
    expect(ended.verdicts.healthy).toBe(60);
    expect(registrations()).toHaveLength(60);
  });

  it('does nothing for a message that is delivered after the batch, or the simulation, is done', async () => {
    const { context, api, registrations } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 5, ...unhurried });
    const message = { work: 'batch', simulationId: id, batchNumber: 0 };
    await runSimulationTask(message, context);
    const before = await api.untilEnded(id);
    await runSimulationTask(message, context);
    await failSimulationTask(message, context);
    await runSimulationTask({ work: 'watch', simulationId: id }, context);
    expect(await api.untilEnded(id)).toEqual(before);
    expect(registrations()).toHaveLength(5);
  });

  it('runs only the devices without an outcome when a batch is delivered again', async () => {
    const { context, api, registrations } = await lab.fleet({}, { limits: { releaseAfterMs: 0 } });
    const { id } = await api.start({ probe: 'fleet', devices: 20, ...unhurried });
    const simulation = await context.simulations.read(id);
    if (!simulation) throw new Error('expected the simulation');
    const message = { work: 'batch', simulationId: id, batchNumber: 0 };
    await runSimulationTask(message, context);
    expect(registrations()).toHaveLength(0);
    const patient = { ...context, limits: { ...context.limits, releaseAfterMs: 60_000, devicesAtOnce: 4 } };
    await runSimulationTask(message, patient);
    expect((await api.untilEnded(id)).verdicts.healthy).toBe(20);
    expect(registrations()).toHaveLength(20);
  });

  it('ignores messages of other senders', async () => {
    const { context, api } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 5, ...unhurried });
    for (const message of [
      '{',
      7,
      null,
      [],
      { work: 'batch' },
      { work: 'batch', simulationId: 'none', batchNumber: 0 },
      { work: 'batch', simulationId: id, batchNumber: 99 },
    ]) {
      await runSimulationTask(message, context);
      await failSimulationTask(message, context);
    }
    await runSimulationTask({ work: 'batch', simulationId: id, batchNumber: 0 }, context);
    expect((await api.untilEnded(id)).verdicts.healthy).toBe(5);
  });
});

describe('a worker that is killed with SIGKILL in the middle of a batch', () => {
  it('leaves the rest to the next worker, and each device is counted once', async () => {
    const { dps, storage, context, api, registrations } = await lab.fleet(
      { retryAfterSeconds: 1 },
      { limits: { leaseMs: 2000, devicesAtOnce: 30 } },
    );
    const { id } = await api.start({ probe: 'fleet', devices: 80, ...unhurried });
    const child = lab.forkWorker({
      storage,
      dpsPort: dps.mqttsPort,
      limits: { leaseMs: 2000, devicesAtOnce: 30 },
      visibilitySeconds: 2,
    });
    await new Promise<void>((half) => {
      const stop = dps.requests.watch(() => {
        if (registrations().length < 30) return;
        stop();
        half();
      });
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const before = registrations().length;
    await lab.startWorkers(storage, context);

    const ended = await api.untilEnded(id);
    expect(ended.verdicts).toEqual({ healthy: 80, degraded: 0, failing: 0, unknown: 0 });
    expect(before).toBeLessThan(80);
    // Only devices in progress when it died are registered again.
    expect(registrations().length).toBeLessThanOrEqual(80 + 30);
    expect(new Set(registrations().map(({ clientId }) => clientId)).size).toBe(80);
  });

  it('is not tried for ever: after several dead workers the rest is recorded as not run', async () => {
    const { context, api } = await lab.fleet({}, { limits: { claims: 2 } });
    const { id } = await api.start({ probe: 'fleet', devices: 8, ...unhurried });
    await context.batches.update(id, 0, (stored) => stored && { ...stored.batch, claims: 2 });
    await runSimulationTask({ work: 'batch', simulationId: id, batchNumber: 0 }, context);
    const ended = await api.untilEnded(id);
    expect(ended.reasons).toEqual([
      expect.objectContaining({ verdict: 'unknown', reason: 'notRun:neverRun', count: 8 }),
    ]);
  });
});

describe('a batch that cannot run', () => {
  it('ends as not run, with the reason, when its message is poison', async () => {
    const broken = { createDeviceRunner: () => () => Promise.reject(new Error('an error of the program')) };
    const { storage, context, api } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 8, ...unhurried });
    await lab.startWorkers(storage, { ...context, ...broken });
    const ended = await api.untilEnded(id);
    expect(ended).toMatchObject({ state: 'finished', verdicts: { healthy: 0, degraded: 0, failing: 0, unknown: 8 } });
    expect(ended.reasons[0]?.examples).toHaveLength(3);
    expect(ended.reasons[0]?.examples[0]?.text).toMatch(/^not run: .* an error of the program/);
  });

  it.each([
    ['is gone', []],
    ['has an individual enrollment now', [groupProbe(1, { attestation: { type: 'symmetricKey', secret: 'x' } })]],
  ])('ends as not run when its probe %s', async (_, probes) => {
    const { context, api } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 4, ...unhurried });
    await runSimulationTask({ work: 'batch', simulationId: id, batchNumber: 0 }, { ...context, probes });
    const ended = await api.untilEnded(id);
    expect(ended.reasons).toEqual([expect.objectContaining({ reason: 'notRun:neverRun', count: 4 })]);
  });

  it('ends as expired when it is read, if no worker handles the queue', async () => {
    const { context, api, registrations } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 250, ...unhurried });
    await context.simulations.update(id, (simulation) => ({ ...simulation, expiresAt: new Date(0).toISOString() }));
    const ended = await api.untilEnded(id);
    expect(ended).toMatchObject({
      state: 'stopped',
      reason: expect.stringMatching(/^Expired/),
      verdicts: { unknown: 0 },
      cancelled: 250,
      left: 0,
      reasons: [],
    });
    expect(registrations()).toHaveLength(0);
  });

  it('is unknown, not failing, when the vault has no key', async () => {
    const { storage, context, api } = await lab.fleet(
      {},
      { readSecret: async (secret) => ({ kind: 'notFound', secret, message: 'no such secret' }) },
    );
    await lab.startWorkers(storage, context);
    const { id } = await api.start({ probe: 'fleet', devices: 4, ...unhurried });
    expect((await api.untilEnded(id)).reasons).toEqual([
      expect.objectContaining({ verdict: 'unknown', reason: 'notRun:notFound@keyVault', count: 4 }),
    ]);
  });
});

describe('a restart of everything between batches', () => {
  it('continues where it stopped', async () => {
    const { dps, storage, context, api, registrations } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 60, ...unhurried });
    // Releases the batch as soon as some devices have run.
    const limits = { ...context.limits, devicesAtOnce: 10, releaseAfterMs: 1 };
    const first = await lab.startWorkers(storage, { ...context, limits });
    await dps.requests.seen({ kind: 'register' });
    await first();
    expect(registrations().length).toBeLessThan(60);
    expect((await api.get(id))?.state).toBe('running');
    await lab.startWorkers(storage, context);
    const ended = await api.untilEnded(id);
    expect(ended.verdicts.healthy).toBe(60);
    expect(registrations()).toHaveLength(60);
  });

  it('queues again a batch whose message was lost', async () => {
    const { storage, context, api } = await lab.fleet({}, { limits: { resendAfterMs: 300 } });
    const { id } = await api.start({ probe: 'fleet', devices: 5, ...unhurried });
    await (await batchQueue(storage)).clearMessages();
    await lab.startWorkers(storage, context);
    expect((await api.untilEnded(id)).verdicts.healthy).toBe(5);
  });

  it('finds a simulation again whose client and messages are gone, through the watch message', async () => {
    const { storage, context, api } = await lab.fleet({}, { limits: { watchEverySeconds: 1 } });
    const broken = { ...context, batches: { ...context.batches, list: () => Promise.reject(new Error('killed')) } };
    await expect(apiOf(broken).start({ probe: 'fleet', devices: 5, ...unhurried })).rejects.toThrow('killed');
    const [simulation] = (await context.simulations.page(1)).simulations;
    await lab.startWorkers(storage, context);
    while ((await context.simulations.read(simulation?.id ?? ''))?.state !== 'finished') {
      await new Promise((resume) => setTimeout(resume, 100));
    }
    expect((await api.untilEnded(simulation?.id ?? '')).verdicts.healthy).toBe(5);
  });
});

describe('a cancelled simulation', () => {
  it('lets running devices finish and starts no others', async () => {
    const { storage, context, api, registrations, dps } = await lab.fleet({ retryAfterSeconds: 1 });
    await lab.startWorkers(storage, context);
    const { id } = await api.start({ probe: 'fleet', devices: 250, allowAboveServiceLimits: true, ratePerSecond: 40 });
    await dps.requests.seen({ kind: 'register' });
    expect((await api.cancel(id))?.state).toBe('cancelling');
    const ended = await api.untilEnded(id);
    const started = registrations().length;
    expect(ended.state).toBe('cancelled');
    expect(started).toBeLessThan(200);
    expect(ended.verdicts).toEqual({ healthy: started, degraded: 0, failing: 0, unknown: 0 });
    expect(ended).toMatchObject({ cancelled: 250 - started, done: 250, left: 0, reasons: [] });

    expect((await api.cancel(id))?.state).toBe('cancelled');
  });

  it('stays finished when it had finished before', async () => {
    const { context, api } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 1, ...unhurried });
    await runSimulationTask({ work: 'batch', simulationId: id, batchNumber: 0 }, context);
    expect((await api.cancel(id))?.state).toBe('finished');
  });
});
