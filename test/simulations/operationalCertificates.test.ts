import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type RunningHub, startHub } from '../../src/emulator/hub/startHub.ts';
import { issuedCertificateOf, renewalOf } from '../../src/outcomes/operationalCertificate.ts';
import { authority, registry, startLocalDps } from '../support/localProbe.ts';
import { groupKey, groupProbe } from '../support/simulatedFleet.ts';
import { apiOf, useSimulations } from '../support/useSimulations.ts';

const lab = useSimulations();
let hub: RunningHub;
let hubName: string;

beforeAll(async () => {
  hub = await startHub({ certificate: await authority.issueServer(), registry, strict: true });
  hubName = `localhost:${hub.port}`;
});
afterAll(() => hub.close());

async function startFleet(over: object, credentialPolicyName: string | undefined) {
  const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } } as const;
  const dps = await startLocalDps(
    {},
    {
      credentialPolicies: [{ name: 'default', validityDays: 7 }],
      enrollmentGroups: [{ enrollmentGroupId: 'fleet', attestation, iotHubs: [hubName], credentialPolicyName }],
    },
  );
  onTestFinished(() => dps.close());
  const storage = lab.newStorage();
  const probe = groupProbe(dps.mqttsPort, { requestCertificate: true, expect: { assignedHub: [hubName] }, ...over });
  const context = await lab.context(storage, dps, { probes: [probe] });
  await lab.startWorkers(storage, context);
  return { ...apiOf(context), outcomes: (id: string) => context.outcomes.page(id, { limit: 100 }) };
}

describe('a simulation that requests operational certificates', () => {
  it.each(['connect', 'renew'])('issues one to each device, which enters its hub with it (%s)', async (verifyHub) => {
    const api = await startFleet({ verifyHub, everyMinutes: undefined, timeoutSeconds: 30 }, 'default');
    const { id } = await api.start({
      probe: 'fleet',
      devices: 12,
      registrationIdPrefix: `${verifyHub}-`,
      ratePerSecond: 16,
    });
    expect((await api.untilEnded(id)).verdicts).toMatchObject({ healthy: 12 });
    const { outcomes } = await api.outcomes(id);
    const issued = outcomes.map(({ registrationId, result }) => {
      const certificate = renewalOf(result)?.certificate ?? issuedCertificateOf(result);
      expect(certificate?.subject).toBe(registrationId);
      return certificate?.publicKey;
    });
    expect(new Set(issued).size).toBe(12);
  });

  it('counts the devices without a certificate by cause', async () => {
    const api = await startFleet({}, undefined);
    const { id } = await api.start({ probe: 'fleet', devices: 3, registrationIdPrefix: 'none-' });
    const ended = await api.untilEnded(id);
    expect(ended.verdicts).toMatchObject({ failing: 3 });
    expect(JSON.stringify(ended)).toContain('certificateNotIssued:missing@');
  });
});
