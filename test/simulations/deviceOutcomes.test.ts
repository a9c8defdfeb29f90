import { describe, expect, it } from 'vitest';
import type { Outcome, Verdict } from '../../src/outcomes/outcome.ts';
import { createDeviceOutcomes, type DeviceOutcome } from '../../src/simulations/store/deviceOutcomes.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { tablesAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
let tests = 0;
function newStore() {
  tests += 1;
  return createDeviceOutcomes(tablesAt(azurite.connectionString())(`devices${process.pid}n${tests}`));
}

function device(index: number, verdict: Verdict = 'healthy', over: Partial<Outcome> = {}): DeviceOutcome {
  return { index, outcome: buildOutcome({ registrationId: `d-${index}`, verdict, ...over }) };
}

async function all(devices: AsyncIterable<DeviceOutcome>) {
  const found: DeviceOutcome[] = [];
  for await (const each of devices) found.push(each);
  return found.sort((a, b) => a.index - b.index);
}

describe('the outcomes of devices', () => {
  it('are one for each device, the first one, even if they are written again', async () => {
    const store = newStore();
    await store.insert('s', [device(0), device(1, 'failing')]);
    await Promise.all([
      store.insert('s', [device(0, 'failing'), device(1), device(2)]),
      store.insert('s', [device(2), device(3, 'unknown')]),
    ]);
    const found = await all(store.ofRange('s', 0, 10));
    expect(found.map(({ index, outcome }) => [index, outcome.verdict])).toEqual([
      [0, 'healthy'],
      [1, 'failing'],
      [2, 'healthy'],
      [3, 'unknown'],
    ]);
    expect((await store.page('s', { limit: 10 })).outcomes).toHaveLength(4);
  });

  it('are listed with the failures first, in pages of any size', async () => {
    const store = newStore();
    const verdicts = ['healthy', 'degraded', 'unknown', 'failing'] as const;
    await store.insert(
      's',
      Array.from({ length: 230 }, (_, index) => device(index, verdicts[index % 4])),
    );
    for (const limit of [7, 100, 1000]) {
      const ids: string[] = [];
      let after: string | undefined;
      do {
        const page = await store.page('s', { limit, after });
        ids.push(...page.outcomes.map(({ registrationId }) => registrationId));
        after = page.last;
      } while (after !== undefined);
      const expected = [3, 2, 1, 0].flatMap((rest) =>
        Array.from({ length: 230 }, (_, index) => index)
          .filter((index) => index % 4 === rest)
          .map((index) => `d-${index}`),
      );
      expect(ids).toEqual(expected);
    }
    expect((await store.page('s', { limit: 1000, verdict: 'healthy' })).outcomes).toHaveLength(58);
    expect((await store.page('s', { limit: 1000, verdict: 'degraded' })).outcomes).toHaveLength(58);
  });

  it('fault 31: fit into transactions when each is as long as a row allows; longer ones are shortened and marked', async () => {
    const store = newStore();
    const transcript = Array.from({ length: 400 }, (_, i) => ({
      atMs: i,
      direction: 'received' as const,
      what: 'PUBLISH',
      detail: '"\\\u{1f525}'.repeat(60),
    }));
    const long = Array.from({ length: 120 }, (_, index) => device(index, 'failing', { transcript }));
    await store.insert('s', long);
    const found = await all(store.ofRange('s', 0, 120));
    expect(found.map(({ index }) => index)).toEqual(long.map(({ index }) => index));
    for (const { outcome } of found) {
      expect(outcome.verdict).toBe('failing');
      expect(outcome.transcript?.length).toBeGreaterThan(1);
      expect(outcome.notes?.join()).toMatch(/transcript entries were left out/);
    }
  });

  it('fault 50: are stored when the service sent long texts that do not fit into a row', async () => {
    const store = newStore();
    const reasons = ['\u{1f525}"'.repeat(200_000)];
    const result = { kind: 'assigned', operationId: 'x'.repeat(500_000), assignedHub: 'h', deviceId: 'd' } as const;
    await store.insert('s', [device(0), device(1, 'degraded', { reasons, result }), device(2)]);
    const [, stored] = await all(store.ofRange('s', 0, 3));
    expect(stored?.outcome).toMatchObject({ verdict: 'degraded', result: { kind: 'assigned' } });
    expect(stored?.outcome.notes).toHaveLength(1);
  });

  it('are removed with their simulation, also when another process removes them at the same time', async () => {
    const store = newStore();
    await store.insert(
      's',
      Array.from({ length: 150 }, (_, index) => device(index, index % 2 ? 'failing' : 'healthy')),
    );
    await store.insert('other', [device(0)]);
    await Promise.all([store.removeAll('s'), store.removeAll('s')]);
    expect(await all(store.ofRange('s', 0, 1000))).toEqual([]);
    expect(await all(store.ofRange('other', 0, 1000))).toHaveLength(1);
  });
});
