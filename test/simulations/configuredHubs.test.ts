import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type RunningHub, startHub } from '../../src/emulator/hub/startHub.ts';
import { authority, registry, startLocalDps } from '../support/localProbe.ts';
import { groupKey, groupProbe } from '../support/simulatedFleet.ts';
import { apiOf, useSimulations } from '../support/useSimulations.ts';

const lab = useSimulations();
let hub: RunningHub;
let hubName: string;

beforeAll(async () => {
  hub = await startHub({ certificate: await authority.issueServer(), registry });
  hubName = `localhost:${hub.port}`;
});
afterAll(() => hub.close());

const connects = () => hub.requests.all.filter(({ kind }) => kind === 'connect').length;

/** A fleet that DPS assigns to this hub, by a probe that verifies hubs. */
async function startFleet(expect_: object) {
  const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } } as const;
  const dps = await startLocalDps(
    {},
    { enrollmentGroups: [{ enrollmentGroupId: 'fleet', attestation, iotHubs: [hubName] }] },
  );
  onTestFinished(() => dps.close());
  const storage = lab.newStorage();
  const probes = [groupProbe(dps.mqttsPort, { verifyHub: 'connect', expect: expect_ })];
  const context = await lab.context(storage, dps, { probes });
  await lab.startWorkers(storage, context);
  return { ...apiOf(context), outcomes: (id: string) => context.outcomes.page(id, { limit: 10 }) };
}

describe('the hubs that may be given a credential by a simulation', () => {
  it('are not widened by an expectation in the request: the hub is not even connected to', async () => {
    const api = await startFleet({ assignedHub: ['hub-a.azure-devices.net'] });
    const before = connects();
    const { id } = await api.start({ probe: 'fleet', devices: 2, expect: { assignedHub: [hubName] } });
    expect((await api.untilEnded(id)).verdicts).toMatchObject({ failing: 2 });
    expect(JSON.stringify(await api.outcomes(id))).toContain('hubNotAllowed');
    expect(connects()).toBe(before);
  });

  it("are those of the configured probe, not of the request's expectation", async () => {
    const api = await startFleet({ assignedHub: [hubName] });
    const before = connects();
    const { id } = await api.start({ probe: 'fleet', devices: 2, expect: { substatus: 'initialAssignment' } });
    expect((await api.untilEnded(id)).verdicts).toMatchObject({ healthy: 2 });
    expect(connects()).toBe(before + 2);
  });
});
