import { describe, expect, it } from 'vitest';
import { apiOf, useSimulations } from '../support/useSimulations.ts';

const lab = useSimulations();
const unhurried = { allowAboveServiceLimits: true, ratePerSecond: 500 };

describe('a simulation', () => {
  it('registers every device once, and its counts add up to N', async () => {
    const dps = await lab.startDps();
    const storage = lab.newStorage();
    const context = await lab.context(storage, dps);
    const api = apiOf(context);
    await lab.startWorkers(storage, context);

    const started = await api.start({ probe: 'fleet', devices: 100, ...unhurried });
    const ended = await api.untilEnded(started.id);

    expect(ended).toMatchObject({ state: 'finished', devices: 100, done: 100, left: 0 });
    expect(ended.verdicts).toEqual({ healthy: 100, degraded: 0, failing: 0, unknown: 0 });
    expect(dps.requests.all.filter(({ kind }) => kind === 'register')).toHaveLength(100);
    expect(Object.values(ended.hubs).reduce((sum, count) => sum + count, 0)).toBe(100);
    expect(ended.percentiles.total?.count).toBe(100);
    expect(ended.timeline.reduce((sum, [, ...counts]) => sum + counts.reduce((a, b) => a + b, 0), 0)).toBe(100);
  });

  it('lists the devices that failed first, a page at a time', async () => {
    const dps = await lab.startDps({ faults: { 'fleet-sim-000007': 'failed', 'fleet-sim-000003': 'disabled' } });
    const storage = lab.newStorage();
    const context = await lab.context(storage, dps);
    const api = apiOf(context);
    await lab.startWorkers(storage, context);
    const { id } = await api.start({ probe: 'fleet', devices: 10, ...unhurried });
    const ended = await api.untilEnded(id);
    expect(ended.verdicts).toMatchObject({ healthy: 8, failing: 2 });

    const ids: string[] = [];
    let after: string | undefined;
    do {
      const { outcomes, last } = await context.outcomes.page(id, { limit: 4, after });
      ids.push(...outcomes.map(({ registrationId }) => registrationId.slice(-2)));
      after = last;
    } while (after);
    expect(ids).toEqual(['03', '07', '01', '02', '04', '05', '06', '08', '09', '10']);
  });
});
