import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import { createOutcomeHistory } from '../../src/history/history.ts';
import { historySink } from '../../src/history/historySink.ts';
import { startAzurite } from '../../src/local/azurite.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { createDeviceLeases, deviceLeaseTable } from '../../src/probes/deviceLease.ts';
import { type RunContext, runAndRecord } from '../../src/probes/runAndRecord.ts';
import { createLeases } from '../../src/storage/leases.ts';
import { localProbe, startLocalDps, vaultOf } from '../support/localProbe.ts';
import { connectionStringFor, historyAt, tablesAt } from '../support/useHistory.ts';

let dps: RunningDps;
beforeEach(async () => {
  dps = await startLocalDps();
});
afterEach(() => dps.close());

/** A process that has just started, on this storage. */
function processOn(connectionString: string) {
  const open = tablesAt(connectionString);
  const history = createOutcomeHistory(open, 'westeurope');
  const errors: string[] = [];
  const context: RunContext = {
    readSecret: vaultOf(),
    forgetSecret: () => undefined,
    location: 'westeurope',
    trigger: 'http',
    leases: createDeviceLeases(createLeases(open(deviceLeaseTable))),
    history,
    sinks: [{ name: 'log', write: async () => undefined }, historySink(history)],
    reportSinkError: ({ message }) => errors.push(message),
    reportUnexpected: (stack) => errors.push(stack),
  };
  return {
    errors,
    async run(): Promise<{ readonly outcome: Outcome; readonly tookMs: number }> {
      const start = performance.now();
      const result = await runAndRecord(localProbe(dps), context);
      if (result.kind === 'busy') throw new Error('expected the device to be free');
      return { outcome: result.outcome, tookMs: performance.now() - start };
    },
  };
}

describe('a run on a cold process', () => {
  it('loses about 2 s in all to a storage that is stopped, and nothing once that resumes (fault 55)', async () => {
    const azurite = await startAzurite();
    onTestFinished(() => azurite.close());
    const { processId = 0, connectionString } = azurite;
    process.kill(processId, 'SIGSTOP');
    const resume = () => process.kill(processId, 'SIGCONT');
    onTestFinished(() => void resume());

    const cold = processOn(connectionString);
    const stopped = await cold.run();
    expect(stopped.outcome).toMatchObject({
      verdict: 'healthy',
      notes: [expect.stringMatching(/^Ran without a device lease, .* in time/)],
    });
    // The wait is not part of the run.
    expect(stopped.tookMs - stopped.outcome.durationMs).toBeGreaterThan(1_500);
    expect(cold.errors).toEqual([expect.stringMatching(/^history did not (?:take|accept) the outcome: .* in time/)]);

    resume();
    const resumed = await cold.run();
    // Half of what it was when each step waited for the storage anew, and what this machine needs without any wait.
    expect(stopped.tookMs).toBeLessThan(3_500 + 2 * resumed.tookMs);
    expect(resumed.outcome.notes).toBeUndefined();
    expect(await historyAt(connectionString).latest('local')).toMatchObject({ runId: resumed.outcome.runId });
  });

  it('runs immediately if the storage responds 503, with a note, and has its outcome in the other sinks', async () => {
    const unavailable = createServer((_request, response) => response.writeHead(503).end()).listen(0, '127.0.0.1');
    onTestFinished(() => void unavailable.close());
    await new Promise((listening) => unavailable.once('listening', listening));
    const cold = processOn(connectionStringFor((unavailable.address() as AddressInfo).port));
    const { outcome, tookMs } = await cold.run();
    expect(tookMs).toBeLessThan(8_000);
    expect(outcome).toMatchObject({ verdict: 'healthy', notes: [expect.stringContaining('without a device lease')] });
    expect(cold.errors).toEqual([expect.stringMatching(/^history did not (?:take|accept) the outcome: .*503/)]);
  });
});

describe('an outcome of a run while this process was overloaded', () => {
  it('has a note, and does not count as slowness of the service (fault 54)', async () => {
    const azurite = await startAzurite();
    onTestFinished(() => azurite.close());
    const open = tablesAt(azurite.connectionString);
    const history = createOutcomeHistory(open, 'westeurope');
    const context: RunContext = {
      readSecret: async (name, signal) => {
        const secret = await vaultOf()(name, signal);
        // The page for four readers, with no other work in the process.
        setTimeout(() => {
          const endMs = performance.now() + 1_200;
          while (performance.now() < endMs);
        }, 1);
        return secret;
      },
      forgetSecret: () => undefined,
      location: 'westeurope',
      trigger: 'http',
      leases: createDeviceLeases(),
      history,
      sinks: [historySink(history)],
      reportSinkError: ({ message }) => expect.unreachable(message),
      reportUnexpected: (stack) => expect.unreachable(stack),
    };
    const probe = localProbe(dps, { expect: { withinSeconds: 1 } });
    const result = await runAndRecord(probe, context);
    expect(result).toMatchObject({
      kind: 'ran',
      outcome: {
        verdict: 'healthy',
        notes: [expect.stringMatching(/^This process was overloaded: .* blocked for [1-9]\d{3,} ms/)],
      },
    });
  });
});
