import { expect, it } from 'vitest';
import {
  pruneSimulations,
  reconcileOpenSimulations,
  removeSimulations,
} from '../../src/simulations/store/pruneSimulations.ts';
import { runSimulationTask } from '../../src/simulations/worker/runSimulationTask.ts';
import { batchQueue } from '../support/simulationStorage.ts';
import { apiOf, useSimulations } from '../support/useSimulations.ts';

const lab = useSimulations();

it('deletes only simulations whose retention period has passed, with batches and outcomes', async () => {
  const context = await lab.context(lab.newStorage(), { mqttsPort: 1 }, { probes: [] });
  const create = await lab.context(lab.newStorage(), { mqttsPort: 1 });
  const api = apiOf({
    ...create,
    simulations: context.simulations,
    batches: context.batches,
    outcomes: context.outcomes,
  });
  const old = await api.start({ probe: 'fleet', devices: 150 });
  for (const batchNumber of [0, 1]) {
    await runSimulationTask({ work: 'batch', simulationId: old.id, batchNumber }, context);
  }
  expect((await api.untilEnded(old.id)).verdicts.unknown).toBe(150);
  const between = new Date();
  await new Promise((resume) => setTimeout(resume, 5));
  const young = await api.start({ probe: 'fleet', devices: 5 });

  expect(await removeSimulations(context, between)).toBe(1);
  expect(await api.get(old.id)).toBeUndefined();
  expect(await context.batches.list(old.id, Date.now())).toEqual([]);
  expect((await context.outcomes.page(old.id, { limit: 10 })).outcomes).toEqual([]);
  expect((await context.simulations.page(10)).simulations.map(({ id }) => id)).toEqual([young.id]);
  expect(await removeSimulations(context, between)).toBe(0);
});

it('does not delete an unfinished simulation of any age, and resumes it if its messages are lost', async () => {
  const dps = await lab.startDps();
  const storage = lab.newStorage();
  const context = await lab.context(storage, dps, { limits: { resendAfterMs: -1 } });
  const api = apiOf(context);
  const { id } = await api.start({ probe: 'fleet', devices: 5 });
  const queue = await batchQueue(storage);
  await queue.clearMessages();

  expect(await removeSimulations(context, new Date(Date.now() + 1000))).toBe(0);
  await reconcileOpenSimulations(context);
  const { receivedMessageItems } = await queue.receiveMessages();
  expect(receivedMessageItems.map(({ messageText }) => JSON.parse(messageText))).toEqual([
    { work: 'batch', simulationId: id, batchNumber: 0 },
  ]);
});

it('fault 32: stops when its time is up, and the next call continues; two concurrent processes delete each row once', async () => {
  const context = await lab.context(lab.newStorage(), { mqttsPort: 1 });
  const api = apiOf(context);
  const ids: string[] = [];
  for (let i = 0; i < 3; i += 1) {
    const { id } = await api.start({ probe: 'fleet', devices: 3 });
    await api.cancel(id);
    await api.untilEnded(id);
    ids.push(id);
  }
  const later = new Date(Date.now() + 24 * 60 * 60_000);
  expect(await removeSimulations(context, later, AbortSignal.abort())).toBe(0);
  expect((await context.simulations.page(10)).simulations).toHaveLength(3);

  const counts = await Promise.all([pruneSimulations(context, later, 0), pruneSimulations(context, later, 0)]);
  expect(Math.max(...counts)).toBeGreaterThan(0);
  expect((await context.simulations.page(10)).simulations).toEqual([]);
  for (const id of ids) expect((await context.outcomes.page(id, { limit: 10 })).outcomes).toEqual([]);
});

it('tries every open simulation although one of them fails', async () => {
  const context = await lab.context(lab.newStorage(), { mqttsPort: 1 });
  const api = apiOf(context);
  const first = await api.start({ probe: 'fleet', devices: 1 });
  const second = await api.start({ probe: 'fleet', devices: 1 });
  const tried: string[] = [];
  const update: typeof context.simulations.update = async (id, change) => {
    tried.push(id);
    if (id === second.id) throw new Error('the storage is not available');
    return context.simulations.update(id, change);
  };
  const failing = { ...context, simulations: { ...context.simulations, update } };
  await expect(pruneSimulations(failing, new Date(), 90)).rejects.toThrow('the storage is not available');
  expect(tried).toEqual([second.id, first.id]);
});
