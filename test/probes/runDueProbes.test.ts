import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import type { Outcome } from '../../src/outcomes/outcome.ts';
import type { Observation } from '../../src/probes/runAndRecord.ts';
import { runRound } from '../../src/probes/runDueProbes.ts';
import { localProbe, registrationId, startLocalDps, vaultOf } from '../support/localProbe.ts';

let dps: RunningDps;
beforeEach(async () => {
  dps = await startLocalDps();
});
afterEach(() => dps.close());

const neverUnrecorded = (error: unknown): never => expect.unreachable(String(error));

function observe(over: Partial<Observation> = {}) {
  const outcomes: Outcome[] = [];
  const forgotten: string[] = [];
  const observation: Observation = {
    readSecret: vaultOf(),
    forgetSecret: (name) => forgotten.push(name),
    location: 'test',
    trigger: 'timer',
    sinks: [{ name: 'memory', write: async (outcome) => void outcomes.push(outcome) }],
    reportSinkFault: () => undefined,
    ...over,
  };
  return { observation, outcomes, forgotten };
}

it('runs every probe, whatever becomes of the others', async () => {
  const { observation, outcomes } = observe();
  const broken = localProbe(dps, { name: 'broken', attestation: { type: 'symmetricKey', secret: 'missing' } });
  await runRound([broken, localProbe(dps)], observation, neverUnrecorded);
  expect(outcomes.map(({ probe, verdict }) => [probe, verdict]).sort()).toEqual([
    ['broken', 'unknown'],
    ['local', 'healthy'],
  ]);
});

it('lets probes that play the same device take turns', async () => {
  const { observation, outcomes } = observe();
  const probes = ['one', 'two', 'three'].map((name) => localProbe(dps, { name }));
  await runRound(probes, observation, neverUnrecorded);
  expect(outcomes.map(({ verdict }) => verdict)).toEqual(['healthy', 'healthy', 'healthy']);
  await dps.requests.seen({ kind: 'disconnect', connection: 3 });
  const kinds = dps.requests.of(registrationId).map(({ kind }) => kind);
  const turns = kinds.filter((kind) => kind === 'connect' || kind === 'disconnect');
  expect(turns).toEqual(['connect', 'disconnect', 'connect', 'disconnect', 'connect', 'disconnect']);
});

it('reports an outcome that no sink took, and goes on', async () => {
  const reported: unknown[] = [];
  const { observation } = observe({
    sinks: [{ name: 'broken', write: () => Promise.reject(new Error('the sink is away')) }],
  });
  await runRound([localProbe(dps)], observation, (error) => reported.push(error));
  expect(String(reported[0])).toContain('could not be recorded anywhere');
});

it('forgets a key that was refused, so that a rotated one is read the next time', async () => {
  const wrong = vaultOf({ 'device-key': Buffer.from('another').toString('base64') });
  const { observation, forgotten } = observe({ readSecret: wrong });
  await runRound([localProbe(dps)], observation, neverUnrecorded);
  expect(forgotten).toEqual(['device-key']);
});

it('keeps the transcript of what did not go well, and of nothing else', async () => {
  const { observation, outcomes } = observe();
  await runRound(
    [localProbe(dps), localProbe(dps, { name: 'lost', idScope: '0neOTHER' })],
    observation,
    neverUnrecorded,
  );
  const [healthy, failing] = ['local', 'lost'].map((name) => outcomes.find(({ probe }) => probe === name));
  expect(healthy?.transcript).toBeUndefined();
  expect(failing?.transcript?.length).toBeGreaterThan(3);
});
