import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Probe, probeSchema } from '../../src/config/probe.ts';
import { createOutcomeHistory } from '../../src/history/history.ts';
import { historySink } from '../../src/history/historySink.ts';
import { reasonCode } from '../../src/outcomes/reasonCode.ts';
import { createDeviceLeases, deviceLeaseTable } from '../../src/probes/deviceLease.ts';
import type { RunContext } from '../../src/probes/runAndRecord.ts';
import { runDueProbes } from '../../src/probes/runDueProbes.ts';
import { createLeases } from '../../src/storage/leases.ts';
import { deviceKey, vaultOf } from '../support/localProbe.ts';
import { requires } from '../support/requires.ts';
import { tablesAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();

/** Accepts connections and never responds. */
async function silentPort(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function probesAtSilence(count: number, timeoutSeconds: number, name: string): Promise<readonly Probe[]> {
  const globalDeviceEndpoint = `127.0.0.1:${await silentPort()}`;
  return Array.from({ length: count }, (_, number) =>
    probeSchema.parse({
      name: `${name}-${number}`,
      idScope: '0neLOCAL',
      registrationId: `${name}-${number}`,
      attestation: { type: 'symmetricKey', secret: 'device-key' },
      globalDeviceEndpoint,
      timeoutSeconds,
    }),
  );
}

/** As `runProbes` does, with the real history and device leases. Resolves with when each outcome was stored. */
async function playOutage(probes: readonly Probe[], lengthMs: number) {
  const open = tablesAt(azurite.connectionString());
  const history = createOutcomeHistory(open, 'westeurope');
  const stored: { readonly atMs: number; readonly verdict: string; readonly kind: string }[] = [];
  const start = performance.now();
  const sink = historySink(history);
  const context: RunContext = {
    readSecret: vaultOf({ 'device-key': deviceKey }),
    forgetSecret: () => undefined,
    location: 'westeurope',
    trigger: 'timer',
    leases: createDeviceLeases(createLeases(open(deviceLeaseTable))),
    history,
    sinks: [
      {
        name: 'history',
        async write(outcome) {
          await sink.write(outcome);
          stored.push({ atMs: performance.now() - start, verdict: outcome.verdict, kind: outcome.result.kind });
        },
      },
    ],
    reportSinkError: ({ message }) => expect.unreachable(message),
    reportUnexpected: (stack) => expect.unreachable(stack),
  };
  await runDueProbes(probes, context, { startsPerSecond: 10, lengthMs }, (error) => expect.unreachable(String(error)));
  return { stored, lastMs: Math.max(...stored.map(({ atMs }) => atMs)), history };
}

describe('a full outage', () => {
  it("has an outcome of every probe, which is in the history soon after the probe's timeout", async () => {
    const { stored, lastMs } = await playOutage(await probesAtSilence(20, 1, 'small'), 60_000);
    expect(stored).toHaveLength(20);
    expect(new Set(stored.map(({ verdict, kind }) => `${verdict} ${kind}`))).toEqual(new Set(['failing timedOut']));
    expect(lastMs).toBeLessThan(10_000);
  });

  it('ends at the deadline of the scheduled run: what is unfinished is stored as unknown, with the reason', async () => {
    const { stored, history } = await playOutage(await probesAtSilence(20, 30, 'late'), 1_000);
    expect(stored.map(({ verdict, kind }) => `${verdict} ${kind}`)).toEqual(Array(20).fill('unknown notRun'));
    for (const name of ['late-0', 'late-19']) {
      const latest = await history.latest(name);
      expect(latest?.result).toMatchObject({ cause: 'outOfTime' });
      expect(latest?.reasons[0]).toContain('the scheduled run reached its deadline of 1 s first');
    }
    const last = await history.latest('late-19');
    expect(last && reasonCode(last)).toBe('notRun:outOfTime');
  });

  it('of 150 probes with timeouts of 10 s is recorded within 30 s of the due time (fault 13)', {
    ...requires('large'),
    timeout: 90_000,
  }, async () => {
    const { stored, lastMs } = await playOutage(await probesAtSilence(150, 10, 'outage'), 298_000);
    expect(stored).toHaveLength(150);
    expect(lastMs).toBeLessThan(30_000);
  });

  it('of 500 probes with timeouts of 60 s fits a schedule of five minutes', {
    ...requires('large'),
    timeout: 300_000,
  }, async () => {
    const { stored, lastMs } = await playOutage(await probesAtSilence(500, 60, 'full'), 298_000);
    expect(stored).toHaveLength(500);
    expect(stored.every(({ kind }) => kind === 'timedOut')).toBe(true);
    expect(lastMs).toBeLessThan(150_000);
  });
});
