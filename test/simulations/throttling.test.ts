import { describe, expect, it } from 'vitest';
import { runSimulationTask } from '../../src/simulations/worker/runSimulationTask.ts';
import { groupKey, groupProbe } from '../support/simulatedFleet.ts';
import { apiOf, useSimulations } from '../support/useSimulations.ts';

const lab = useSimulations();
const unhurried = { allowAboveServiceLimits: true, ratePerSecond: 500 };

describe('429', () => {
  const throttledOnce = (devices: number) =>
    Object.fromEntries(
      Array.from({ length: devices }, (_, i) => [
        `fleet-sim-${String(i + 1).padStart(6, '0')}`,
        { kind: 'throttled', times: 1, retryAfter: 1 } as const,
      ]),
    );

  it('lowers the rate of the whole simulation, and still runs every device', async () => {
    const { storage, context, api } = await lab.fleet({ faults: throttledOnce(10) });
    await lab.startWorkers(storage, context);
    const { id } = await api.start({ probe: 'fleet', devices: 30, allowAboveServiceLimits: true, ratePerSecond: 50 });
    const ended = await api.untilEnded(id);
    expect(ended.verdicts.healthy).toBe(30);
    expect(ended.pace).toMatchObject({ askedPerSecond: 50, throttled: 10 });
    // Once for all 429 of a second: more often if a busy machine receives them later.
    expect(ended.pace?.lowestRatePerSecond).toBeLessThanOrEqual(25);
  });

  it('is compared with all accepted devices, including the last ones of a batch', async () => {
    const { context, api } = await lab.fleet({ faults: throttledOnce(1) });
    const { id } = await api.start({ probe: 'fleet', devices: 10, ...unhurried });
    await runSimulationTask({ work: 'batch', simulationId: id, batchNumber: 0 }, context);
    expect((await context.simulations.read(id))?.pace).toMatchObject({ decreases: 1, throttled: 1, accepted: 10 });
  });

  it('without end stops the simulation with a sentence', async () => {
    const { dps, storage, context } = await lab.fleet({
      enrollmentGroups: [
        {
          enrollmentGroupId: 'fleet',
          attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } },
          fault: { kind: 'throttled', retryAfter: 1 },
        },
      ],
    });
    const probes = [groupProbe(dps.mqttsPort, { timeoutSeconds: 3 })];
    const api = apiOf({ ...context, probes });
    await lab.startWorkers(storage, { ...context, probes });
    const { id } = await api.start({ probe: 'fleet', devices: 600, allowAboveServiceLimits: true, ratePerSecond: 20 });
    const ended = await api.untilEnded(id);
    expect(ended.state).toBe('stopped');
    expect(ended.reason).toMatch(/^Stopped: the service responded with 429 .* lowered 5 times, from 20 to /);
    expect(ended).toMatchObject({ done: 600, left: 0 });
    expect(ended.cancelled).toBeGreaterThan(0);
    expect(ended.reasons.map(({ reason }) => reason)).toEqual(['throttled:429001@register']);
  });
});
