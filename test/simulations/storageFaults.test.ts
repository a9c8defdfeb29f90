import { describe, expect, it } from 'vitest';
import { failSimulationTask, runSimulationTask } from '../../src/simulations/worker/runSimulationTask.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { apiOf, useSimulations } from '../support/useSimulations.ts';

const lab = useSimulations();
const unhurried = { allowAboveServiceLimits: true, ratePerSecond: 500 };

describe('storage that fails for a moment', () => {
  const failing = () => Promise.reject(new Error('the storage is not available'));

  it('waits for running devices before the batch is released, so that none is connected twice', async () => {
    const { context, api, registrations } = await lab.fleet(
      { retryAfterSeconds: 1 },
      { limits: { devicesAtOnce: 10 } },
    );
    const { id } = await api.start({ probe: 'fleet', devices: 30, ...unhurried });
    let reservations = 0;
    const update: typeof context.simulations.update = (...args) => {
      reservations += 1;
      return reservations === 2 ? failing() : context.simulations.update(...args);
    };
    const message = { work: 'batch', simulationId: id, batchNumber: 0 };
    const broken = { ...context, simulations: { ...context.simulations, update } };
    await expect(runSimulationTask(message, broken)).rejects.toThrow('the storage is not available');
    expect(await api.get(id)).toMatchObject({ done: 10, left: 20 });
    await runSimulationTask(message, context);
    expect((await api.untilEnded(id)).verdicts.healthy).toBe(30);
    expect(registrations()).toHaveLength(30);
  });

  it('continues counting where the previous worker stopped', async () => {
    const { context, api } = await lab.fleet({}, { limits: { devicesAtOnce: 1 } });
    const { id } = await api.start({ probe: 'fleet', devices: 20, ...unhurried });
    const message = { work: 'batch', simulationId: id, batchNumber: 0 };
    for (const done of [3, 6]) {
      let runs = 0;
      const insert: typeof context.outcomes.insert = (...args) => {
        runs += 1;
        return runs > 3 ? failing() : context.outcomes.insert(...args);
      };
      const broken = { ...context, outcomes: { ...context.outcomes, insert } };
      await expect(runSimulationTask(message, broken)).rejects.toThrow('the storage is not available');
      expect(await api.get(id)).toMatchObject({ done, left: 20 - done });
    }
  });

  it('leaves a batch that could not be released to the next worker that claims it', async () => {
    const { context, api } = await lab.fleet();
    const { id } = await api.start({ probe: 'fleet', devices: 8, ...unhurried });
    const broken = { ...context, outcomes: { ...context.outcomes, insert: failing } };
    const lines: unknown[] = [];
    await failSimulationTask(
      { work: 'batch', simulationId: id, batchNumber: 0 },
      { ...broken, log: (line) => lines.push(line) },
    );
    expect(lines).toEqual([expect.objectContaining({ level: 'error', event: 'simulationTaskNotFailed' })]);
    await expect(apiOf(broken).cancel(id)).rejects.toThrow('the storage is not available');
    expect(await api.untilEnded(id)).toMatchObject({ state: 'cancelled', cancelled: 8 });
  });
});

describe('a batch of devices that all fail in other ways, with long names and sentences', () => {
  it('is summed up as any other', async () => {
    const { context, api } = await lab.fleet();
    const { id } = await api.start({
      probe: 'fleet',
      devices: 100,
      registrationIdPrefix: 'x'.repeat(122),
      ...unhurried,
    });
    const createDeviceRunner: typeof context.createDeviceRunner = () => async (probe) =>
      buildOutcome({
        registrationId: probe.registrationId,
        verdict: 'failing',
        reasons: ['""""\u{1f525}'.repeat(100)],
        result: {
          kind: 'rejected',
          phase: 'register',
          status: 401,
          errorCode: 401_000 + (Number(probe.registrationId.slice(-6)) % 30),
        },
      });
    await runSimulationTask({ work: 'batch', simulationId: id, batchNumber: 0 }, { ...context, createDeviceRunner });
    const { reasons, verdicts } = await api.untilEnded(id);
    expect(verdicts.failing).toBe(100);
    expect(reasons).toHaveLength(21);
    expect(JSON.stringify(reasons).length).toBeGreaterThan(32_768);
  });
});
