import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalAuthority, createSelfSigned } from '../../src/emulator/certificates.ts';
import { createDeviceRegistry } from '../../src/emulator/deviceRegistry.ts';
import { type RunningDps, startDps } from '../../src/emulator/dps/startDps.ts';
import { type RunningHub, startHub } from '../../src/emulator/hub/startHub.ts';
import { deviceKeyOf } from '../../src/emulator/sasToken.ts';
import { microsoftHubClient, registerWithMicrosoftSdk } from '../support/microsoftDevice.ts';
import { trust } from '../support/trust.ts';

const authority = await createLocalAuthority('servers');
const fleet = await createLocalAuthority('fleet');
const stranger = await createLocalAuthority('stranger');
trust(authority.caPem);

const individualKey = Buffer.from('key of one').toString('base64');
const groupKey = Buffer.from('key of the fleet').toString('base64');
const wrongKey = Buffer.from('another key').toString('base64');
const selfSigned = await createSelfSigned({ commonName: 'x-one' });

let dps: RunningDps;
let hub: RunningHub;

beforeAll(async () => {
  const certificate = await authority.issueServer();
  const registry = createDeviceRegistry();
  hub = await startHub({ certificate, registry });
  dps = await startDps({
    certificate,
    registry,
    defaultHub: `localhost:${hub.port}`,
    configuration: {
      retryAfterSeconds: 0,
      assigningPolls: 1,
      individualEnrollments: [
        {
          registrationId: 'one',
          deviceId: 'dev-1',
          attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: wrongKey, secondaryKey: individualKey } },
        },
        {
          registrationId: 'x-one',
          attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: selfSigned.cert } } } },
        },
      ],
      enrollmentGroups: [
        {
          enrollmentGroupId: 'fleet',
          attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } },
        },
        {
          enrollmentGroupId: 'x-fleet',
          attestation: { type: 'x509', x509: { signingCertificates: { primary: { certificate: fleet.caPem } } } },
        },
      ],
    },
  });
});

afterAll(async () => {
  await dps.close();
  await hub.close();
});

const derivedKey = (id: string) => deviceKeyOf(Buffer.from(groupKey, 'base64'), id).toString('base64');

describe.each(['mqtt', 'mqtt-ws'] as const)("Microsoft's device SDK over %s", (transport) => {
  it('registers with an individual key, primary or secondary', async () => {
    const state = await registerWithMicrosoftSdk(dps, transport, 'one', { key: individualKey });
    expect(state).toMatchObject({ status: 'assigned', deviceId: 'dev-1', assignedHub: `localhost:${hub.port}` });
  });

  it('registers with a key derived from that of a group', async () => {
    const id = `fleet-${transport}`;
    const state = await registerWithMicrosoftSdk(dps, transport, id, { key: derivedKey(id) });
    expect(state).toMatchObject({ status: 'assigned', deviceId: id, substatus: 'initialAssignment' });
  });

  it('registers with an individually enrolled certificate', async () => {
    const state = await registerWithMicrosoftSdk(dps, transport, 'x-one', selfSigned);
    expect(state).toMatchObject({ status: 'assigned', deviceId: 'x-one' });
  });

  it('registers with a leaf of the group’s authority, through its intermediate', async () => {
    const leaf = await fleet.issueClient({ commonName: 'x-fleet-7' });
    const state = await registerWithMicrosoftSdk(dps, transport, 'x-fleet-7', leaf);
    expect(state).toMatchObject({ status: 'assigned', deviceId: 'x-fleet-7' });
  });

  it('is refused with a wrong key in the register response, after CONNECT and SUBSCRIBE succeeded', async () => {
    const refused = registerWithMicrosoftSdk(dps, transport, 'one', { key: Buffer.from('no').toString('base64') });
    await expect(refused).rejects.toMatchObject({ name: 'UnauthorizedError', result: { errorCode: 401000 } });
  });

  it('is refused with a certificate of another authority', async () => {
    const leaf = await stranger.issueClient({ commonName: 'x-fleet-8' });
    const refused = registerWithMicrosoftSdk(dps, transport, 'x-fleet-8', leaf);
    await expect(refused).rejects.toMatchObject({ name: 'UnauthorizedError', result: { errorCode: 401002 } });
  });

  it('is not found under another idScope', async () => {
    const refused = registerWithMicrosoftSdk(dps, transport, 'one', { key: individualKey }, '0neOTHER');
    await expect(refused).rejects.toMatchObject({ name: 'DeviceNotFoundError' });
  });

  it('connects to the assigned hub, sends telemetry and reads its twin', async () => {
    const assigned = await registerWithMicrosoftSdk(dps, transport, 'one', { key: individualKey });
    const client = microsoftHubClient(assigned, transport, individualKey);
    await client.open();
    await client.sendEvent(new (await import('azure-iot-device')).default.Message('{"temperature":21}'));
    const twin = await client.getTwin();
    expect(twin.properties.desired).toMatchObject({ $version: 1 });
    await new Promise<void>((resolve, reject) =>
      twin.properties.reported.update({ seen: true }, (error?: Error | null) => (error ? reject(error) : resolve())),
    );
    await client.close();
    expect(await hub.requests.seen({ kind: 'telemetry', clientId: 'dev-1', transport })).toMatchObject({
      body: '{"temperature":21}',
    });
  });

  it('listens for messages, methods and desired properties at the hub', async () => {
    const assigned = await registerWithMicrosoftSdk(dps, transport, 'one', { key: individualKey });
    const client = microsoftHubClient(assigned, transport, individualKey);
    await client.open();
    client.on('message', () => {});
    client.onDeviceMethod('reboot', () => {});
    const topics = ['devices/dev-1/messages/devicebound/#', '$iothub/methods/POST/#'];
    for (const topic of topics)
      expect((await hub.requests.seen({ kind: 'subscribe', topic, transport })).answer).toBeLessThan(2);
    await client.close();
  });

  it('is refused by the hub with another key', async () => {
    const assigned = await registerWithMicrosoftSdk(dps, transport, 'one', { key: individualKey });
    const client = microsoftHubClient(assigned, transport, Buffer.from('no').toString('base64'));
    client.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => 0 });
    await expect(client.open()).rejects.toMatchObject({ name: 'UnauthorizedError' });
  });
});
