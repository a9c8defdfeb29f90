import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunningDps } from '../../src/emulator/dps/startDps.ts';
import { type RunningHub, startHub } from '../../src/emulator/hub/startHub.ts';
import { authority, deviceKey, localProbe, registry, run, startLocalDps, vaultOf } from '../support/localProbe.ts';

let hub: RunningHub;
let dps: RunningDps;
let hubName: string;
const fleetKey = Buffer.from('the key of the fleet, which is 32 b').toString('base64');
const transports = ['mqtt', 'mqtt-ws'] as const;

beforeAll(async () => {
  hub = await startHub({
    certificate: await authority.issueServer(),
    registry,
    faults: {
      refused: { kind: 'refuseConnect', returnCode: 5 },
      mute: { kind: 'noPuback' },
      twinless: { kind: 'twinStatus', status: 404 },
    },
  });
  hubName = `localhost:${hub.port}`;
  dps = await startLocalDps(
    { iotHubHostName: hubName },
    {
      iotHubs: [hubName],
      enrollmentGroups: [
        {
          enrollmentGroupId: 'fleet',
          attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: fleetKey } },
        },
      ],
    },
  );
});
afterAll(async () => {
  await dps.close();
  await hub.close();
});

const readSecret = vaultOf({ 'device-key': deviceKey, 'fleet-key': fleetKey });
const ofFleet = { attestation: { type: 'symmetricKey', secret: 'fleet-key', enrollment: 'group' } };

describe.each(transports)('the assigned hub over %s', (transport) => {
  it.each(['connect', 'telemetry', 'twin'])('accepts the device, verified by %s', async (verifyHub) => {
    const probe = localProbe(dps, { transport, verifyHub, expect: { assignedHub: [hubName] } });
    const outcome = await run(probe, { readSecret });
    expect(outcome).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned' } });
    expect(outcome.phases.hub).toBeGreaterThan(0);
  });

  it('also accepts the derived key of a group device', async () => {
    const probe = localProbe(dps, {
      transport,
      verifyHub: 'telemetry',
      registrationId: 'fleet-1',
      ...ofFleet,
      expect: { assignedHub: [hubName] },
    });
    expect(await run(probe, { readSecret })).toMatchObject({ verdict: 'healthy' });
  });

  it.each([
    ['refused', 'connect', { kind: 'connectionRefused', returnCode: 5 }],
    ['mute', 'telemetry', { kind: 'timedOut', phase: 'hub' }],
    ['twinless', 'twin', { kind: 'twinRejected', status: 404 }],
  ])('that does not behave as a hub is hubRefused: %s', async (id, verifyHub, cause) => {
    const probe = localProbe(dps, {
      transport,
      verifyHub,
      registrationId: id,
      timeoutSeconds: 1.5,
      ...ofFleet,
      expect: { assignedHub: [hubName] },
    });
    const outcome = await run(probe, { readSecret });
    expect(outcome).toMatchObject({
      verdict: 'failing',
      result: { kind: 'hubRefused', phase: 'hub', deviceId: id, assignedHub: hubName, cause },
    });
    expect(outcome.reasons.join()).toMatch(/the hub check \(\w+\) of \S+ failed/);
  });
});

describe('a run that is cancelled while the hub is verified', () => {
  it('does not blame the hub', async () => {
    const cancel = new AbortController();
    const probe = localProbe(dps, {
      verifyHub: 'telemetry',
      registrationId: 'mute',
      ...ofFleet,
      expect: { assignedHub: [hubName] },
    });
    const sent = hub.requests.next({ kind: 'telemetry', clientId: 'mute' });
    const running = run(probe, { readSecret, signal: cancel.signal });
    await sent;
    cancel.abort();
    expect(await running).toMatchObject({ verdict: 'unknown', result: { kind: 'notRun', cause: 'cancelled' } });
  });
});

describe("a hub name that is neither Azure's nor configured", () => {
  it('is given no credential: there is not even a connection', async () => {
    const connects = () => hub.requests.all.filter(({ kind }) => kind === 'connect').length;
    const before = connects();
    const outcome = await run(localProbe(dps, { verifyHub: 'connect' }), { readSecret });
    expect(outcome).toMatchObject({
      verdict: 'failing',
      result: { kind: 'hubRefused', cause: { kind: 'hubNotAllowed' } },
    });
    expect(connects()).toBe(before);
  });
});

describe('a device ID that MQTT cannot carry everywhere (field report 12)', () => {
  it.each(['D17#0001', 'a+b', '#', '+'])(
    'is verified only by the connection, and the outcome has a note: %s',
    async (deviceId) => {
      const [id, probe] = await assignedAs(deviceId, 'telemetry');
      const outcome = await run(probe, { readSecret });
      expect(outcome).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned', deviceId } });
      expect(outcome.notes?.join()).toMatch(/MQTT forbids # and \+/);
      const sent = hub.requests.all.filter(({ clientId }) => clientId === id);
      expect(sent.map(({ kind }) => kind)).toEqual(['connect']);
    },
  );

  it.each(['a%b', 'a(b)c', 'a@b', "d'1!*,=$:.-_?"])('accepts unusual values everywhere: %s', async (deviceId) => {
    for (const verifyHub of ['connect', 'telemetry', 'twin']) {
      const [, probe] = await assignedAs(deviceId, verifyHub);
      const outcome = await run(probe, { readSecret });
      expect(outcome).toMatchObject({ verdict: 'healthy', result: { kind: 'assigned', deviceId } });
      expect(outcome.notes).toBeUndefined();
    }
  });

  /** A probe whose device is assigned under this device ID, and the ClientID that it then has. */
  async function assignedAs(deviceId: string, verifyHub: string) {
    const own = await startLocalDps({ iotHubHostName: hubName, deviceId }, { iotHubs: [hubName] });
    onTestFinished(() => own.close());
    return [deviceId, localProbe(own, { verifyHub, expect: { assignedHub: [hubName] } })] as const;
  }
});

describe('a hub that is linked under its newer name (field report 2)', () => {
  it('is allowed, satisfies an expectation of either name, and the outcome shows which name was used', async () => {
    const assignedHub = 'no-such-hub.device.azure-devices.net';
    const own = await startLocalDps({ iotHubHostName: assignedHub }, { iotHubs: [assignedHub] });
    onTestFinished(() => own.close());
    const expect_ = { assignedHub: ['no-such-hub.azure-devices.net'] };
    expect(await run(localProbe(own, { expect: expect_ }), { readSecret })).toMatchObject({ verdict: 'healthy' });
    const outcome = await run(localProbe(own, { verifyHub: 'connect', expect: expect_ }), { readSecret });
    expect(outcome.result).toMatchObject({ kind: 'hubRefused', cause: { kind: 'unreachable', phase: 'dns' } });
    expect(outcome.notes?.join()).toContain(assignedHub);
  });
});

describe('the telemetry message', () => {
  it('is marked as synthetic, with the run it belongs to', async () => {
    const probe = localProbe(dps, { verifyHub: 'telemetry', expect: { assignedHub: [hubName] } });
    const outcome = await run(probe, { readSecret });
    const message = hub.requests.all.findLast(({ topic }) => topic?.includes('/messages/events/'));
    expect(message?.topic).toContain('synthetic=true');
    expect(message?.topic).toContain(outcome.runId);
  });
});
