import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import { createDeviceLeases } from '../../src/probes/deviceLease.ts';
import type { RunContext } from '../../src/probes/runAndRecord.ts';
import { runDueProbes } from '../../src/probes/runDueProbes.ts';
import { localProbe, registrationId, startLocalDps, vaultOf } from '../support/localProbe.ts';

let dps: RunningDps;
beforeEach(async () => {
  dps = await startLocalDps();
});
afterEach(() => dps.close());

const atOnce = { startsPerSecond: 1000, lengthMs: 60_000 };
const neverUnrecorded = (error: unknown): never => expect.unreachable(String(error));

function observe(over: Partial<RunContext> = {}) {
  const outcomes: Outcome[] = [];
  const forgotten: string[] = [];
  const runContext: RunContext = {
    readSecret: vaultOf(),
    forgetSecret: (name) => forgotten.push(name),
    location: 'test',
    trigger: 'timer',
    leases: createDeviceLeases(),
    sinks: [{ name: 'memory', write: async (outcome) => void outcomes.push(outcome) }],
    reportSinkError: () => undefined,
    reportUnexpected: () => undefined,
    ...over,
  };
  return { runContext, outcomes, forgotten };
}

it('runs every probe, even if others fail', async () => {
  const { runContext, outcomes } = observe();
  const broken = localProbe(dps, { name: 'broken', attestation: { type: 'symmetricKey', secret: 'missing' } });
  await runDueProbes([broken, localProbe(dps)], runContext, atOnce, neverUnrecorded);
  expect(outcomes.map(({ probe, verdict }) => [probe, verdict]).sort()).toEqual([
    ['broken', 'unknown'],
    ['local', 'healthy'],
  ]);
});

it('runs probes of the same device one after the other', async () => {
  const { runContext, outcomes } = observe();
  const probes = ['one', 'two', 'three'].map((name) => localProbe(dps, { name }));
  await runDueProbes(probes, runContext, atOnce, neverUnrecorded);
  expect(outcomes.map(({ verdict }) => verdict)).toEqual(['healthy', 'healthy', 'healthy']);
  await dps.requests.seen({ kind: 'disconnect', connection: 3 });
  const kinds = dps.requests.of(registrationId).map(({ kind }) => kind);
  const turns = kinds.filter((kind) => kind === 'connect' || kind === 'disconnect');
  expect(turns).toEqual(['connect', 'disconnect', 'connect', 'disconnect', 'connect', 'disconnect']);
});

it('reports an outcome that no sink accepted, and continues', async () => {
  const reported: unknown[] = [];
  const { runContext } = observe({
    sinks: [{ name: 'broken', write: () => Promise.reject(new Error('the sink is away')) }],
  });
  await runDueProbes([localProbe(dps)], runContext, atOnce, (error) => reported.push(error));
  expect(String(reported[0])).toContain('could not be recorded anywhere');
});

it('forgets a key that was refused, so that a rotated one is read the next time', async () => {
  const wrong = vaultOf({ 'device-key': Buffer.from('another').toString('base64') });
  const { runContext, forgotten } = observe({ readSecret: wrong });
  await runDueProbes([localProbe(dps)], runContext, atOnce, neverUnrecorded);
  expect(forgotten).toEqual(['device-key']);
});

it('does not remove a cached key whose refusal the probe expects: other probes may share it', async () => {
  const wrong = vaultOf({ 'device-key': Buffer.from('another').toString('base64') });
  const { runContext, forgotten, outcomes } = observe({ readSecret: wrong });
  await runDueProbes([localProbe(dps, { expect: { result: 'refused' } })], runContext, atOnce, neverUnrecorded);
  expect(outcomes).toMatchObject([{ verdict: 'healthy' }]);
  expect(forgotten).toEqual([]);
});

it('stores the transcript only of runs that are not healthy', async () => {
  const { runContext, outcomes } = observe();
  await runDueProbes(
    [localProbe(dps), localProbe(dps, { name: 'lost', idScope: '0neOTHER' })],
    runContext,
    atOnce,
    neverUnrecorded,
  );
  const [healthy, failing] = ['local', 'lost'].map((name) => outcomes.find(({ probe }) => probe === name));
  expect(healthy?.transcript).toBeUndefined();
  expect(failing?.transcript?.length).toBeGreaterThan(3);
});
