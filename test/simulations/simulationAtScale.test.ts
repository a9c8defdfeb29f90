import { describe, expect, it } from 'vitest';
import { createSimulationClient } from '../../src/cli/simulate/simulationClient.ts';
import type { ForkedFunctionsHost } from '../../src/local/functionsHost/forkFunctionsHost.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import type { SimulationView } from '../../src/simulations/simulationView.ts';
import { requires } from '../support/requires.ts';
import { functionKey, useInstances } from '../support/useInstances.ts';

const instances = useInstances();

describe('2,000 devices on two instances of the app', { ...requires('large'), timeout: 300_000 }, () => {
  // A lost instance costs the lease of its batch; adversity.test.ts kills a worker with a shorter one.
  it('each have one outcome, although one instance is killed and replaced meanwhile', async () => {
    const devices = 2000;
    const [first, doomed] = await Promise.all([instances.start(), instances.start()]);
    const client = createSimulationClient(first.url, functionKey);
    const { id } = await client.start({
      probe: 'group-key',
      devices,
      ratePerSecond: devices / 5,
      allowAboveServiceLimits: true,
      timeoutSeconds: 120,
    });
    await progressOf(client, id, (view) => view.done >= devices / 4);
    await doomed.kill();
    await instances.start();

    const ended = await progressOf(client, id, () => false);
    expect(ended).toMatchObject({ state: 'finished', done: devices, left: 0 });
    expect(ended.verdicts).toEqual({ healthy: devices, degraded: 0, failing: 0, unknown: 0 });
    expect(ended.percentiles.total?.count).toBe(devices);
    expect(await registrationIdsOf(first, id)).toEqual(
      Array.from({ length: devices }, (_, i) => `group-key-sim-${String(i + 1).padStart(6, '0')}`),
    );
  });
});

describe('a restart of every instance of the app between batches', () => {
  it('counts every device exactly once', async () => {
    const before = await instances.start();
    const client = createSimulationClient(before.url, functionKey);
    const { id } = await client.start({
      probe: 'group-key',
      devices: 300,
      ratePerSecond: 60,
      allowAboveServiceLimits: true,
    });
    await progressOf(client, id, (view) => view.done >= 50);
    await instances.stopAll();

    const after = await instances.start();
    const ended = await progressOf(createSimulationClient(after.url, functionKey), id, () => false);
    expect(ended).toMatchObject({ state: 'finished', done: 300, verdicts: { healthy: 300 } });
    expect(new Set(await registrationIdsOf(after, id)).size).toBe(300);
  }, 120_000);
});

async function progressOf(
  client: ReturnType<typeof createSimulationClient>,
  id: string,
  isFarEnough: (view: SimulationView) => boolean,
): Promise<SimulationView> {
  for (;;) {
    const { view, ended } = await client.read(id);
    if (ended || isFarEnough(view)) return view;
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

/** Through all pages; healthy ones are in the order of their numbers. */
async function registrationIdsOf(host: ForkedFunctionsHost, id: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor = '';
  do {
    const url = `${host.url}/api/simulations/${id}/outcomes?limit=1000${cursor && `&cursor=${cursor}`}`;
    const response = await fetch(url, { headers: { 'x-functions-key': functionKey } });
    const page = (await response.json()) as { readonly outcomes: readonly Outcome[]; readonly cursor?: string };
    ids.push(...page.outcomes.map(({ registrationId }) => registrationId));
    cursor = page.cursor ?? '';
  } while (cursor);
  return ids;
}
