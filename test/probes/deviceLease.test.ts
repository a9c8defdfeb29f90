import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Probe, probeSchema } from '../../src/config/probe.ts';
import { deviceOf } from '../../src/config/registrationId.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { createDeviceLeases, type DeviceLeases, deviceLeaseTable } from '../../src/probes/deviceLease.ts';
import { keyText } from '../../src/storage/keys.ts';
import { createLeases } from '../../src/storage/leases.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { probeJson } from '../support/probeJson.ts';
import { closedStorage, connectionStringFor, tablesAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
let devices = 0;

const probeOf = (changes: object): Probe => probeSchema.parse(probeJson({ timeoutSeconds: 30, ...changes }));
function newProbe(): Probe {
  devices += 1;
  return probeOf({ registrationId: `device-${devices}` });
}

/** One more process on the same storage. */
function processOn(connectionString = azurite.connectionString()): DeviceLeases {
  return createDeviceLeases(createLeases(tablesAt(connectionString)(deviceLeaseTable)));
}

/** A run that the test ends. */
function heldRun(over: Partial<Outcome> = {}) {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const run = async () => {
    start();
    await ended;
    return { outcome: buildOutcome(over), recorded: Promise.resolve() };
  };
  return { run, started, end };
}

const quickRun = async (notes: readonly string[] = []) => ({
  outcome: buildOutcome({ runId: 'quick', notes }),
  recorded: Promise.resolve(),
});

describe('the runs of a device', () => {
  it('are exclusive over processes: a run on demand gets the time to retry after (faults 15, 18)', async () => {
    const [timer, http] = [processOn(), processOn()];
    const probe = newProbe();
    const { run, started, end } = heldRun();
    const scheduled = timer.runAlone(probe, {}, run);
    await started;
    const result = await http.runAlone(probe, { joins: true }, quickRun);
    expect(result).toMatchObject({ kind: 'busy' });
    expect('retryAfterSeconds' in result && result.retryAfterSeconds).toBeGreaterThanOrEqual(30);
    expect('retryAfterSeconds' in result && result.retryAfterSeconds).toBeLessThanOrEqual(41);
    end();
    await scheduled;
    expect(await http.runAlone(probe, { joins: true }, quickRun)).toMatchObject({ kind: 'ran' });
  });

  it('are one run for callers of the same probe in the same process', async () => {
    const leases = processOn();
    const probe = newProbe();
    const { run, started, end } = heldRun({ runId: 'shared' });
    const first = leases.runAlone(probe, { joins: true }, run);
    await started;
    const joined = Array.from({ length: 10 }, () => leases.runAlone(probe, { joins: true }, quickRun));
    end();
    for (const result of [await first, ...(await Promise.all(joined))]) {
      expect(result).toMatchObject({ kind: 'ran', outcome: { runId: 'shared' } });
    }
  });

  it('are not joined by another probe of the device, which gets the time to retry after', async () => {
    const leases = processOn();
    const probe = newProbe();
    const { run, started, end } = heldRun();
    const first = leases.runAlone(probe, {}, run);
    await started;
    const other = { ...probe, name: 'other', registrationId: probe.registrationId.toUpperCase() };
    expect(await leases.runAlone(other, { joins: true }, quickRun)).toMatchObject({ kind: 'busy' });
    end();
    await first;
  });

  it('make a scheduled run wait for the one in progress, in its own process and in others', async () => {
    for (const timer of [processOn(), undefined]) {
      const http = processOn();
      const probe = newProbe();
      const { run, started, end } = heldRun();
      const first = http.runAlone(probe, {}, run);
      await started;
      let hasEnded = false;
      const waiting = (timer ?? http).runAlone(probe, { maxWaitMs: 20_000 }, () => {
        expect(hasEnded).toBe(true);
        return quickRun();
      });
      await new Promise((resume) => setTimeout(resume, 200));
      hasEnded = true;
      end();
      expect(await waiting).toMatchObject({ kind: 'ran', outcome: { runId: 'quick' } });
      await first;
    }
  });

  it('are not delayed by ten callers that have disconnected, because callers do not queue (fault 49)', async () => {
    const [timer, http] = [processOn(), processOn()];
    const probe = newProbe();
    const { run, started, end } = heldRun();
    const first = http.runAlone(probe, {}, run);
    await started;
    const abandoned = Array.from({ length: 10 }, (_, caller) =>
      http.runAlone({ ...probe, name: `probe-${caller}` }, { joins: true }, quickRun),
    );
    expect(new Set((await Promise.all(abandoned)).map(({ kind }) => kind))).toEqual(new Set(['busy']));
    const scheduled = timer.runAlone(probe, { maxWaitMs: 20_000 }, quickRun);
    end();
    await first;
    expect(await scheduled).toMatchObject({ kind: 'ran' });
  });

  it('are one run for waiting scrapes, after a scheduled run that began to wait later (fault 49)', async () => {
    const [holder, timer, http] = [processOn(), processOn(), processOn()];
    const probe = newProbe();
    const { run, started, end } = heldRun();
    const first = holder.runAlone(probe, {}, run);
    await started;
    const order: string[] = [];
    const ordered = (who: string) => async () => {
      order.push(who);
      return quickRun();
    };
    const scrapes = Array.from({ length: 10 }, () =>
      http.runAlone(probe, { joins: true, maxWaitMs: 40_000 }, ordered('scrape')),
    );
    const waiting = tablesAt(azurite.connectionString())(deviceLeaseTable);
    const scheduled = timer.runAlone(probe, { maxWaitMs: 40_000 }, ordered('scheduled'));
    const key = { partitionKey: keyText(probe.idScope), rowKey: keyText(probe.registrationId) };
    await expect.poll(async () => (await waiting.read(key))?.row.waiting, { timeout: 20_000 }).toBeTruthy();
    end();
    await first;
    expect((await Promise.all([scheduled, ...scrapes])).map(({ kind }) => kind)).toEqual(Array(11).fill('ran'));
    expect(order[0]).toBe('scheduled');
    // Those of one probe in one process join whichever of them got the device.
    expect(order.length).toBeLessThan(11);
  });

  it('of different devices do not wait for each other', async () => {
    const leases = processOn();
    const { run, started, end } = heldRun();
    const waiting = leases.runAlone(newProbe(), {}, run);
    await started;
    await expect(leases.runAlone(newProbe(), {}, quickRun)).resolves.toMatchObject({ kind: 'ran' });
    end();
    await waiting;
  });

  it('release the device when a run fails, which is reported only to its caller', async () => {
    const [one, other] = [processOn(), processOn()];
    const probe = newProbe();
    await expect(one.runAlone(probe, {}, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(other.runAlone(probe, {}, quickRun)).resolves.toMatchObject({ kind: 'ran' });
  });
});

describe('without its storage', () => {
  it('a run starts anyway and notes that it had no lease', async () => {
    const leases = processOn(await closedStorage());
    const result = await leases.runAlone(newProbe(), {}, quickRun);
    expect(result).toMatchObject({
      kind: 'ran',
      outcome: { notes: [expect.stringMatching(/^Ran without a device lease.*ECONNREFUSED/)] },
    });
  });

  it.each([0, 20_000])(
    'that accepts and never responds, a run starts within about 2 s (fault 55, wait %i ms)',
    async (maxWaitMs) => {
      const silent = createServer(() => undefined).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      onTestFinished(() => void silent.close());
      const leases = processOn(connectionStringFor((silent.address() as AddressInfo).port));
      const begin = performance.now();
      let startedMs = 0;
      const result = await leases.runAlone(newProbe(), { maxWaitMs }, (notes) => {
        startedMs = performance.now() - begin;
        return quickRun(notes);
      });
      expect(startedMs).toBeLessThan(3_000);
      expect(result).toMatchObject({ outcome: { notes: [expect.stringContaining('without a device lease')] } });
    },
  );

  it('runs of one process are still exclusive', async () => {
    const leases = createDeviceLeases();
    const probe = newProbe();
    const { run, started, end } = heldRun();
    const first = leases.runAlone(probe, {}, run);
    await started;
    expect(await leases.runAlone({ ...probe, name: 'other' }, {}, quickRun)).toMatchObject({ kind: 'busy' });
    end();
    await first;
  });
});

it('is the same device regardless of the case of its registrationId, and another one in another scope', () => {
  expect(deviceOf(probeOf({ registrationId: 'Canary-001' }))).toBe(
    deviceOf(probeOf({ registrationId: 'canary-001', name: 'other' })),
  );
  expect(deviceOf(probeOf({ idScope: '0ne00000001' }))).not.toBe(deviceOf(probeOf({})));
});
