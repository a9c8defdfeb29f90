import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunningDps } from '../../../src/emulator/dps/startDps.ts';
import { newSummary } from '../../../src/simulations/batchSummary.ts';
import { createDeviceRunner } from '../../../src/simulations/store/openSimulations.ts';
import { localProbe, startLocalDps, vaultOf } from '../../support/localProbe.ts';

let dps: RunningDps;
beforeEach(async () => {
  dps = await startLocalDps();
});
afterEach(() => dps.close());

it.each([
  [true, 2],
  [false, 0],
])(
  'counts the resumed TLS sessions: with reuseTlsSessions %s, %i of three devices',
  async (reuseTlsSessions, resumed) => {
    const runDevice = createDeviceRunner(vaultOf(), 'test', () => {}, {
      configuredHubs: undefined,
      reuseTlsSessions,
      onThrottled: () => {},
    });
    const summary = newSummary(Date.now());
    for (let device = 0; device < 3; device += 1) summary.add(await runDevice(localProbe(dps)));
    expect(summary.build()).toMatchObject({ tlsSessionsReused: resumed, verdicts: { healthy: 3 } });
  },
);
