/** Raw clients that send exactly what public SDKs and samples send, each assigned by the stand-in, field report 3. */
import { afterAll, describe, expect, it } from 'vitest';
import { createLocalAuthority } from '../../src/emulator/certificates.ts';
import { type RunningDps, startDps } from '../../src/emulator/dps/startDps.ts';
import { deviceKeyOf } from '../../src/emulator/sasToken.ts';
import { isPublish, type RawMqttClient, rawMqttOverTls } from '../support/rawMqttClient.ts';
import { registrationToken } from '../support/sasToken.ts';
import { type OtherDevice, otherDevices } from './otherDevices.ts';

const authority = await createLocalAuthority();
const certificate = await authority.issueServer();
const groupKey = Buffer.from('the key of the group').toString('base64');
const signingCertificates = { primary: { certificate: authority.intermediate.cert } };

function start(strict: boolean): Promise<RunningDps> {
  return startDps({
    certificate,
    configuration: {
      strict,
      retryAfterSeconds: 0,
      enrollmentGroups: [
        { enrollmentGroupId: 'keys', attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } } },
        { enrollmentGroupId: 'certificates', attestation: { type: 'x509', x509: { signingCertificates } } },
      ],
    },
  });
}

const dps = await start(false);
const strict = await start(true);
afterAll(() => Promise.all([dps.close(), strict.close()]));

/** Registers like the device. Returns the last topic that it received, or how it was refused. */
async function register(device: OtherDevice, registrationId: string, to: RunningDps): Promise<string> {
  const leaf = device.token === undefined ? await authority.issueClient({ commonName: registrationId }) : {};
  const client = await rawMqttOverTls({ port: to.mqttsPort, ca: authority.caPem, ...leaf });
  try {
    const key = deviceKeyOf(Buffer.from(groupKey, 'base64'), registrationId).toString('base64');
    client.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: device.cleanSession,
      keepalive: device.keepAliveSeconds,
      clientId: registrationId,
      username: `0neLOCAL/registrations/${registrationId}/api-version=2019-03-31${device.usernameSuffix}`,
      ...(device.token === undefined
        ? {}
        : { password: Buffer.from(registrationToken(registrationId, key, device.token)) }),
    });
    const connack = await client.next();
    if (connack === 'closed' || connack.cmd !== 'connack' || connack.returnCode !== 0 || connack.sessionPresent)
      return 'refused at CONNECT';
    const filter = { topic: '$dps/registrations/res/#', qos: device.subscribeQos };
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [filter] });
    expect(await client.next()).toMatchObject({ cmd: 'suback', granted: [device.subscribeQos] });

    const registerTopic = `$dps/registrations/PUT/iotdps-register/?$rid=${device.registerRid(registrationId)}`;
    const first = await request(client, registerTopic, device.registerBody(registrationId), device.publishQos);
    const { operationId } = JSON.parse(first.payload);
    if (!first.topic.includes('/res/202/')) return first.topic;
    const pollTopic = `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=${device.pollRid(registrationId)}&operationId=${operationId}`;
    const last = await request(client, pollTopic, device.pollBody, device.pollQos);
    expect(JSON.parse(last.payload)).toMatchObject({ status: 'assigned', registrationState: { registrationId } });
    return last.topic;
  } finally {
    client.end();
  }
}

/** The response to one PUBLISH, its PUBACK received and its own acknowledged. */
async function request(client: RawMqttClient, topic: string, payload: string, qos: 0 | 1) {
  client.send({ cmd: 'publish', topic, payload, qos, messageId: 2, dup: false, retain: false });
  if (qos === 1) expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 2 });
  const response = await client.next();
  if (!isPublish(response)) throw new Error(`no response but ${response === 'closed' ? response : response.cmd}`);
  if (response.qos === 1) client.send({ cmd: 'puback', messageId: Number(response.messageId) });
  return { topic: response.topic, payload: response.payload.toString() };
}

describe.each(otherDevices.map((device, index) => ({ device, index, name: device.name })))(
  '$name',
  ({ device, index }) => {
    it('is assigned, and the request history shows what it does beyond the document', async () => {
      const id = `device-${index}`;
      const rid = device.pollRid(id);
      expect(await register(device, id, dps)).toBe(`$dps/registrations/res/200/?$rid=${rid}`);
      const { connect, register: registering } = Object.fromEntries(
        dps.requests.of(id).map(({ kind, note }) => [kind, note]),
      );
      expect({ connect, register: registering }).toEqual({ connect: undefined, register: undefined, ...device.notes });
    });

    const isByTheDocument = device.notes.connect === undefined && device.notes.register === undefined;
    it(isByTheDocument ? 'is assigned when strict, too' : 'is refused when strict', async () => {
      const topic = await register(device, `device-${index}`, strict);
      if (isByTheDocument) expect(topic).toContain('/res/200/');
      else expect(topic).toMatch(/^refused at CONNECT$|\/res\/40[01]\//);
    });
  },
);
