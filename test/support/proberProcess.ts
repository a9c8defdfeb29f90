/**
 * One process of a deployment, which a test forks and kills: it runs the device repeatedly, as the timer or as callers do,
 * and records its outcomes in the shared history. Its clock is wrong by a given time.
 */
import { probeSchema } from '../../src/config/probe.ts';
import { createOutcomeHistory } from '../../src/history/history.ts';
import { historySink } from '../../src/history/historySink.ts';
import { createDeviceLeases, deviceLeaseTable } from '../../src/probes/deviceLease.ts';
import { type RunContext, runAndRecord } from '../../src/probes/runAndRecord.ts';
import { runDueProbes } from '../../src/probes/runDueProbes.ts';
import { createLeases } from '../../src/storage/leases.ts';
import { trust } from './trust.ts';
import { tablesAt } from './useHistory.ts';

export interface ProberJob {
  readonly connectionString: string;
  readonly caPem: string;
  readonly probe: object;
  readonly key: string;
  readonly location: string;
  readonly trigger: 'timer' | 'http';
  readonly clockOffsetMs: number;
}

/** `started`: this process uses the device now. The other messages are sent after each run, or if the device was busy. */
export interface ProberReport {
  readonly kind: 'started' | 'ran' | 'busy';
  readonly runId?: string;
  readonly verdict?: string;
  readonly reasons?: readonly string[];
  readonly notes?: readonly string[];
}

/** Sets the clock of this process wrong, for everything that reads it. */
function setClockOff(offsetMs: number): void {
  const now = Date.now;
  globalThis.Date = class extends Date {
    constructor(...parts: readonly unknown[]) {
      super(...((parts.length === 0 ? [now() + offsetMs] : parts) as [number]));
    }
    static override now = () => now() + offsetMs;
  } as DateConstructor;
}

process.once('message', async (job: ProberJob) => {
  const { connectionString, caPem, key, location, trigger, clockOffsetMs } = job;
  setClockOff(clockOffsetMs);
  trust(caPem);
  const probe = probeSchema.parse(job.probe);
  const open = tablesAt(connectionString);
  const history = createOutcomeHistory(open, location);
  // Loads the storage's library first, because on a busy machine this takes longer than a run waits for the storage.
  await history.locations();
  const report = (sent: ProberReport) => process.send?.(sent);
  const context: RunContext = {
    readSecret: async () => {
      report({ kind: 'started' });
      return { kind: 'found', value: key };
    },
    forgetSecret: () => undefined,
    location,
    trigger,
    leases: createDeviceLeases(createLeases(open(deviceLeaseTable))),
    history,
    sinks: [
      historySink(history),
      {
        name: 'test',
        write: async ({ runId, verdict, reasons, notes = [] }) =>
          void report({ kind: 'ran', runId, verdict, reasons, notes }),
      },
    ],
    reportSinkError: ({ message }) => console.error(message),
    reportUnexpected: (stack) => console.error(stack),
  };
  for (;;) {
    if (trigger === 'timer') {
      await runDueProbes([probe], context, { startsPerSecond: 5, lengthMs: 58_000 }, (error) => console.error(error));
    } else {
      const result = await runAndRecord(probe, context, { joins: true });
      if (result.kind === 'busy') report({ kind: 'busy' });
    }
    await new Promise((resume) => setTimeout(resume, 50));
  }
});
process.once('disconnect', () => process.exit());
