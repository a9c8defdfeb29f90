import { describe, expect, it } from 'vitest';
import { findDrift } from '../../src/outcomes/drift.ts';
import type { DriftEvent, Outcome } from '../../src/outcomes/outcome.ts';
import type { EarlierOutcomes } from '../../src/outcomes/verdict.ts';
import { buildOutcome } from '../support/buildOutcome.ts';
import { historyAt, useAzurite } from '../support/useHistory.ts';

const azurite = useAzurite();
const assigned = {
  kind: 'assigned',
  operationId: 'o',
  assignedHub: 'hub-a',
  deviceId: 'dev-1',
  substatus: 's-1',
} as const;
const server: Outcome['server'] = { address: '10.0.0.1', family: 4, rootFingerprint256: 'AA' };
const before = buildOutcome({ result: assigned, server });
const { server: _, ...unreachable } = buildOutcome({
  verdict: 'failing',
  result: { kind: 'unreachable', phase: 'dns', code: 'ENOTFOUND', message: 'no such host' },
});

function driftOf(outcome: Outcome, earlier: EarlierOutcomes) {
  return findDrift(outcome, earlier, 'symmetricKey');
}

describe('drift', () => {
  it.each<[string, Partial<Outcome>, DriftEvent]>([
    [
      'another hub',
      { result: { ...assigned, assignedHub: 'hub-b' } },
      { kind: 'assignedHub', from: 'hub-a', to: 'hub-b' },
    ],
    [
      'another device ID',
      { result: { ...assigned, deviceId: 'dev-2' } },
      { kind: 'deviceId', from: 'dev-1', to: 'dev-2' },
    ],
    ['another substatus', { result: { ...assigned, substatus: 's-2' } }, { kind: 'substatus', from: 's-1', to: 's-2' }],
    [
      'another address family',
      { server: { ...server, family: 6 } },
      { kind: 'addressFamily', from: 'IPv4', to: 'IPv6' },
    ],
    [
      'another root',
      { server: { ...server, rootFingerprint256: 'BB' } },
      { kind: 'rootFingerprint256', from: 'AA', to: 'BB' },
    ],
  ])('is %s than last time', (_title, difference, event) => {
    expect(driftOf(buildOutcome({ result: assigned, server, ...difference }), { previous: before })).toEqual([event]);
  });

  it('is empty without a previous run, without a change, or when the run ended earlier', () => {
    expect(driftOf(before, {})).toEqual([]);
    expect(driftOf(before, { previous: before })).toEqual([]);
    expect(driftOf(unreachable, { previous: before })).toEqual([]);
  });

  it('is empty when the hub has its other name (field report 2)', () => {
    const named = (assignedHub: string) => buildOutcome({ result: { ...assigned, assignedHub }, server });
    const [classic, device] = [named('hub-a.azure-devices.net'), named('Hub-A.device.azure-devices.net')];
    expect(driftOf(device, { previous: classic })).toEqual([]);
    expect(driftOf(classic, { previous: device })).toEqual([]);
    expect(driftOf(named('hub-b.device.azure-devices.net'), { previous: classic })).toHaveLength(1);
  });

  it('is reported across an outage, and only once', () => {
    const moved = buildOutcome({ result: { ...assigned, assignedHub: 'hub-b' }, server });
    expect(driftOf(moved, { previous: unreachable, lastUp: before })).toEqual([
      { kind: 'assignedHub', from: 'hub-a', to: 'hub-b' },
    ]);
    expect(driftOf(moved, { previous: moved, lastUp: before })).toEqual([]);
  });
});

it('what was before an outage is found in the history', async () => {
  const history = historyAt(azurite.connectionString());
  const at = (minute: number, outcome: Outcome) =>
    history.append({
      ...outcome,
      probe: 'drifting',
      runId: `run-${minute}`,
      startedAt: `2026-11-24T14:0${minute}:00.000Z`,
    });
  await at(0, before);
  await at(1, { ...before, verdict: 'degraded' });
  await at(2, unreachable);
  await at(3, { ...unreachable, verdict: 'unknown' });
  expect((await history.latestUp('drifting'))?.runId).toBe('run-1');
  expect(await history.latestUp('never')).toBeUndefined();
});
